// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { listBoards, signIn, signOut } from "./api.ts";
import { answers, problem } from "../packages/flightboard-client/src/fake-answers.ts";

afterEach(() => vi.unstubAllGlobals());

test("requests are below the base path", async () => {
  document.head.innerHTML = '<base href="/airport/board/">';
  const fetch = answers(async () => Response.json({ boards: [] }));
  await listBoards();
  document.head.innerHTML = "";
  const paths = ["/airport/board/boards"];
  expect(fetch.mock.calls.map(([url]) => url)).toEqual(paths);
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

test.each<[string | undefined, () => Promise<Response>]>([
  ["the token has expired", async () => problem({ detail: "the token has expired" }, 401)],
  [undefined, async () => new Response("<html>", { status: 502 })],
  [undefined, async () => Response.json({}, { status: 503 })],
  [undefined, () => Promise.reject(new TypeError("network"))],
])("a sign-in fails: %s", async (reason, answer) => {
  answers(answer);
  expect(await signIn("a token")).toEqual({ detail: reason });
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
