import { afterEach, expect, test, vi } from "vitest";
import { fetchBoard, fetchRows } from "./board-requests.ts";
import { answers, problem } from "./fake-answers.ts";

afterEach(() => vi.unstubAllGlobals());

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
  expect((await fetchBoard("/boards/main")).status).toBe(status);
});

test("requests have a timeout", async () => {
  const fetch = answers(async () => Response.json({ closed: false }));
  await fetchBoard("/boards/hall%20b");
  expect(fetch).toHaveBeenCalledWith("/boards/hall%20b", {
    cache: "no-store",
    signal: expect.any(AbortSignal),
  });
});

test("returns the head and the status", async () => {
  answers(async () => Response.json({ name: "main", id: "5f3a9c01-7", closed: false }));
  expect(await fetchBoard("/boards/main")).toMatchObject({ status: "open", head: "5f3a9c01-7" });
});

test("returns how far it is behind", async () => {
  answers(async () => Response.json({ name: "main", closed: false, behind: 12 }));
  expect((await fetchBoard("/boards/main")).behind).toBe(12);
});

test("returns why a board is denied", async () => {
  const detail = "the token has expired";
  answers(async () => problem({ detail, field: "Authorization" }, 401));
  expect(await fetchBoard("/boards/main")).toMatchObject({ status: "denied", detail });
});

const rows = { board: { name: "main" }, id: "5f3a9c01-7", flights: [{ flight: "I768" }] };

test("returns the rows with their id", async () => {
  const fetch = answers(async () => Response.json(rows));
  expect(await fetchRows("/boards/main")).toEqual({ data: rows, id: "5f3a9c01-7" });
  expect(fetch.mock.calls.map(([url]) => url)).toEqual(["/boards/main/flights"]);
});

test.each<[string, () => Promise<Response>]>([
  ["another board", async () => Response.json({ ...rows, board: { name: "other" } })],
  ["no id", async () => Response.json({ ...rows, id: undefined })],
  ["a status", async () => Response.json(rows, { status: 203 })],
  ["a page", async () => new Response("<html>")],
  ["a problem", async () => problem({ field: "board" })],
  ["null", async () => Response.json(null)],
  ["no network", () => Promise.reject(new TypeError("network"))],
])("%s is no answer with rows", async (_, answer) => {
  answers(answer);
  expect(await fetchRows("/boards/main")).toBeNull();
});

test("sends cookies if it is asked to", async () => {
  const fetch = answers(async () => Response.json(rows));
  await fetchRows("/boards/main", { credentials: "include" });
  expect(fetch).toHaveBeenCalledWith(
    "/boards/main/flights",
    expect.objectContaining({ credentials: "include" }),
  );
});
