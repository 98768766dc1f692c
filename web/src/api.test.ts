// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { fetchBoard, listBoards } from "./api.ts";

afterEach(() => vi.unstubAllGlobals());

function answers(answer: () => Promise<Response>) {
  const fetch = vi.fn((_url: string) => answer());
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test.each<[string, () => Promise<Response>]>([
  ["open", async () => Response.json({ name: "main", closed: false })],
  ["closed", async () => Response.json({ name: "main", closed: true })],
  ["absent", async () => Response.json({ title: "Unknown board" }, { status: 404 })],
  ["unknown", async () => new Response("<html>", { status: 502 })],
  ["unknown", () => Promise.reject(new TypeError("network"))],
])("a board's status is %s", async (status, answer) => {
  answers(answer);
  expect((await fetchBoard("main")).status).toBe(status);
});

test("requests JSON with a timeout", async () => {
  const fetch = answers(async () => Response.json({ closed: false }));
  await fetchBoard("hall b");
  expect(fetch).toHaveBeenCalledWith("/boards/hall%20b", {
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
  answers(async () => Response.json({ id: "5f3a9c01-7", closed: false, behind: 12 }));
  expect((await fetchBoard("main")).behind).toBe(12);
});

test("lists all boards", async () => {
  answers(async () => Response.json({ boards: [{ name: "main", title: "Arrivals" }] }));
  expect((await listBoards()).map(({ name }) => name)).toEqual(["main"]);
});
