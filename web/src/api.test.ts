import { afterEach, expect, test, vi } from "vitest";
import { askBoard, listBoards } from "./api.ts";

afterEach(() => vi.unstubAllGlobals());

function answers(answer: () => Promise<Response>) {
  const fetch = vi.fn(answer);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test.each<[string, () => Promise<Response>]>([
  ["open", async () => Response.json({ name: "main", closed: false })],
  ["closed", async () => Response.json({ name: "main", closed: true })],
  ["absent", async () => Response.json({ title: "Unknown board" }, { status: 404 })],
  ["unknown", async () => new Response("<html>", { status: 502 })],
  ["unknown", () => Promise.reject(new TypeError("network"))],
])("a board's fate is %s", async (fate, answer) => {
  answers(answer);
  expect((await askBoard("main")).fate).toBe(fate);
});

test("a board is asked for as data, for a bounded time", async () => {
  const fetch = answers(async () => Response.json({ closed: false }));
  await askBoard("hall b");
  expect(fetch).toHaveBeenCalledWith("/boards/hall%20b", {
    headers: { Accept: "application/json" },
    signal: expect.any(AbortSignal),
  });
});

test("a board's newest event is told with its fate", async () => {
  answers(async () => Response.json({ name: "main", id: "5f3a9c01-7", closed: false }));
  expect(await askBoard("main")).toEqual({ fate: "open", head: "5f3a9c01-7" });
});

test("a server that does not know what is newest says so", async () => {
  answers(async () => Response.json({ id: "5f3a9c01-7", closed: false, behind: 12 }));
  expect((await askBoard("main")).behind).toBe(12);
});

test("the boards are those of the list", async () => {
  answers(async () => Response.json({ boards: [{ name: "main", title: "Arrivals" }] }));
  expect((await listBoards()).map(({ name }) => name)).toEqual(["main"]);
});
