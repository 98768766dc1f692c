// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { fetchBoard, listBoards, signIn, signOut } from "./api.ts";

afterEach(() => vi.unstubAllGlobals());

function answers(answer: () => Promise<Response>) {
  const fetch = vi.fn((_url: string) => answer());
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

function problem(details: object, status = 404): Response {
  const headers = { "Content-Type": "application/problem+json" };
  return Response.json(details, { status, headers });
}

test.each<[string, () => Promise<Response>]>([
  ["open", async () => Response.json({ name: "main", closed: false })],
  ["closed", async () => Response.json({ name: "main", closed: true })],
  ["open", async () => Response.json({ name: "MAIN", closed: false })],
  ["absent", async () => problem({ title: "Unknown board", field: "board" })],
  ["denied", async () => problem({ title: "Token missing", field: "Authorization" }, 401)],
  ["denied", async () => problem({ title: "Right missing", field: "Authorization" }, 403)],
  ["unknown", async () => problem({ title: "Unauthorized" }, 401)],
  ["unknown", async () => problem({ title: "Token missing", field: "Authorization" }, 502)],
  ["unknown", async () => new Response("<html>", { status: 401 })],
  // The answers of proxies, captive portals and other servers.
  ["unknown", async () => problem({ title: "Unknown URL", field: "url" })],
  ["unknown", async () => problem({ title: "Not Found" })],
  ["unknown", async () => Response.json({ field: "board" }, { status: 404 })],
  ["unknown", async () => new Response("<html>", { status: 404 })],
  ["unknown", async () => new Response("<html>", { status: 502 })],
  ["unknown", async () => new Response("<html>", { status: 200 })],
  ["unknown", async () => new Response(null, { status: 204 })],
  ["unknown", async () => Response.json(null)],
  ["unknown", async () => Response.json({})],
  ["unknown", async () => Response.json({ name: "main" })],
  ["unknown", async () => Response.json({ name: "other", closed: true })],
  ["unknown", async () => Response.json({ name: "main", closed: "true" })],
  ["unknown", async () => Response.json({ name: "main", closed: true }, { status: 500 })],
  ["unknown", () => Promise.reject(new TypeError("network"))],
])("a board's status is %s", async (status, answer) => {
  answers(answer);
  expect((await fetchBoard("main")).status).toBe(status);
});

test("requests JSON with a timeout", async () => {
  const fetch = answers(async () => Response.json({ closed: false }));
  await fetchBoard("hall b");
  expect(fetch).toHaveBeenCalledWith("/boards/hall%20b", {
    cache: "no-store",
    headers: { Accept: "application/json" },
    signal: expect.any(AbortSignal),
  });
});

test("requests are below the base path", async () => {
  document.head.innerHTML = '<base href="/airport/board/">';
  const fetch = answers(async () => Response.json({ boards: [], closed: false }));
  await listBoards();
  await fetchBoard("main");
  document.head.innerHTML = "";
  const paths = ["/airport/board/boards", "/airport/board/boards/main"];
  expect(fetch.mock.calls.map(([url]) => url)).toEqual(paths);
});

test("returns the head and the status", async () => {
  answers(async () => Response.json({ name: "main", id: "5f3a9c01-7", closed: false }));
  expect(await fetchBoard("main")).toEqual({ status: "open", head: "5f3a9c01-7" });
});

test("returns how far it is behind", async () => {
  answers(async () => Response.json({ name: "main", closed: false, behind: 12 }));
  expect((await fetchBoard("main")).behind).toBe(12);
});

test("returns why a board is denied", async () => {
  const detail = "the token has expired";
  answers(async () => problem({ detail, field: "Authorization" }, 401));
  expect(await fetchBoard("main")).toEqual({ status: "denied", detail });
});

test("a token is sent in the body", async () => {
  const fetch = answers(async () => new Response(null, { status: 204 }));
  expect(await signIn("a token")).toBeUndefined();
  expect(fetch).toHaveBeenCalledWith("/session", {
    method: "POST",
    cache: "no-store",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: '{"token":"a token"}',
    signal: expect.any(AbortSignal),
  });
});

test.each<[string, () => Promise<Response>]>([
  ["the token has expired", async () => problem({ detail: "the token has expired" }, 401)],
  ["the server did not answer, try again", async () => new Response("<html>", { status: 502 })],
  ["the server did not answer, try again", async () => Response.json({}, { status: 503 })],
  ["the server did not answer, try again", () => Promise.reject(new TypeError("network"))],
])("a sign-in fails: %s", async (reason, answer) => {
  answers(answer);
  expect(await signIn("a token")).toBe(reason);
});

test("a sign-out survives a dead network", async () => {
  const fetch = answers(() => Promise.reject(new TypeError("network")));
  await signOut();
  expect(fetch).toHaveBeenCalledWith("/session", expect.objectContaining({ method: "DELETE" }));
});

test("lists all boards", async () => {
  answers(async () => Response.json({ boards: [{ name: "main", title: "Arrivals" }] }));
  expect((await listBoards()).map(({ name }) => name)).toEqual(["main"]);
});

test.each([
  () => Response.json({}),
  () => Response.json({ boards: [null] }),
  () => Response.json({ error: "bad gateway" }, { status: 502 }),
  () => new Response("<html>"),
])("rejects what is no list", async (answer) => {
  answers(async () => answer());
  await expect(listBoards()).rejects.toThrow();
});
