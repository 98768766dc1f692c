import { unknownTimetable, type Timetable } from "flightboard-client";
import { beforeEach, expect, test } from "vitest";
import { createRowStore, MAX_BOARDS, MAX_CHARACTERS, type RowStore } from "./row-store.ts";

/** Entries in the order in which they were written, as the Cache API has them. */
class FakeCache {
  readonly entries = new Map<string, Response>();

  async put(url: string, response: Response) {
    this.entries.delete(url);
    this.entries.set(url, response);
  }

  async match(url: string) {
    return this.entries.get(url)?.clone();
  }

  async keys() {
    return [...this.entries.keys()];
  }

  async delete(url: string) {
    return this.entries.delete(url);
  }
}

let cache: FakeCache;
let store: RowStore;

beforeEach(() => {
  cache = new FakeCache();
  store = createRowStore({ open: async () => cache as unknown as Cache });
});

function timetable(flight: string): Timetable {
  const board = { name: "main", title: "Arrivals", kind: "arrivals" as const };
  return { ...unknownTimetable, board, flights: new Map([[flight, { flight }]]) };
}

test("rows come back as they were kept", async () => {
  const kept = { timetable: timetable("I768"), at: 1_000 };
  await store.keep("/boards/main", kept);
  expect(await store.read("/boards/main")).toEqual(kept);
  expect(await store.read("/boards/hall")).toBeUndefined();
});

test("forgotten rows stay forgotten", async () => {
  void store.keep("/boards/main", { timetable: timetable("I768"), at: 1_000 });
  void store.forget("/boards/main");
  expect(await store.read("/boards/main")).toBeUndefined();
});

test("the oldest board makes room", async () => {
  for (let board = 0; board <= MAX_BOARDS; board++) {
    await store.keep(`/boards/${board}`, { timetable: timetable("I768"), at: 1_000 });
  }
  expect(cache.entries.size).toBe(MAX_BOARDS);
  expect(await store.read("/boards/0")).toBeUndefined();
  expect(await store.read(`/boards/${MAX_BOARDS}`)).toBeDefined();
});

test("a board that is too large leaves nothing", async () => {
  await store.keep("/boards/main", { timetable: timetable("I768"), at: 1_000 });
  const large = timetable("X".repeat(MAX_CHARACTERS));
  await store.keep("/boards/main", { timetable: large, at: 2_000 });
  expect(await store.read("/boards/main")).toBeUndefined();
});

test("a failure does not block the next call", async () => {
  const broken = { timetable: timetable("I768"), at: 1_000 };
  const failing = createRowStore({
    open: async () => {
      throw new Error("denied");
    },
  });
  await expect(failing.keep("/boards/main", broken)).rejects.toThrow("denied");
  await expect(failing.read("/boards/main")).rejects.toThrow("denied");
});
