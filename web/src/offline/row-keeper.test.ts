// @vitest-environment jsdom
import {
  unknownTimetable,
  type Board,
  type ConnectionState,
  type Timetable,
} from "flightboard-client";
import { beforeEach, expect, test } from "vitest";
import type { FollowerState } from "../follower.ts";
import { arrivals, FakePageEnvironment, rome, tokyo } from "../test-doubles.ts";
import { keyOf } from "flightboard-client";
import { KEEP_INTERVAL_MILLIS, RowKeeper } from "./row-keeper.ts";
import type { KeptRows, RowStore } from "./row-store.ts";

const URL = "/boards/main";
const LIVE: ConnectionState = { status: "live" };

/** The server's clock is ahead of this one. */
const OFFSET = 60_000;

let world: FakePageEnvironment;
let kept: KeptRows[];
let forgotten: number;
let keeper: RowKeeper;

beforeEach(() => {
  world = new FakePageEnvironment();
  kept = [];
  forgotten = 0;
  const store: RowStore = {
    keep: async (_, rows) => void kept.push(rows),
    read: async () => undefined,
    forget: async () => void forgotten++,
  };
  keeper = new RowKeeper(URL, store, world.clock);
});

function timetable(board: Board | null = arrivals, ...flights: (typeof rome)[]): Timetable {
  return {
    ...unknownTimetable,
    board,
    flights: new Map(flights.map((flight) => [keyOf(flight), flight])),
  };
}

function hear(connection: ConnectionState, state: Partial<FollowerState> = {}): void {
  keeper.hear({
    timetable: timetable(arrivals, rome),
    connection,
    clockOffset: OFFSET,
    lastUpdate: undefined,
    changes: [],
    highlights: new Map(),
    ...state,
  });
}

test("rows are kept once they are right", () => {
  hear({ status: "connecting" });
  hear(LIVE, { clockOffset: undefined });
  expect(kept).toEqual([]);
  hear(LIVE);
  hear(LIVE, { timetable: timetable(arrivals, rome, tokyo) });
  expect(kept).toEqual([{ timetable: timetable(arrivals, rome), at: world.clock.now() + OFFSET }]);
});

test("rows are kept again now and then", async () => {
  hear(LIVE);
  hear(LIVE, { timetable: timetable(arrivals, tokyo) });
  await world.clock.advance(KEEP_INTERVAL_MILLIS);
  expect(kept).toHaveLength(2);
  expect(kept[1]!.at).toBe(world.clock.now() + OFFSET);
  expect(kept[1]!.timetable).toEqual(timetable(arrivals, tokyo));
});

test("the end of the connection keeps its rows", async () => {
  hear(LIVE);
  const since = world.clock.now() - 20_000;
  hear({ status: "reconnecting", since }, { timetable: timetable(arrivals, tokyo) });
  expect(kept).toHaveLength(2);
  expect(kept[1]).toEqual({ timetable: timetable(arrivals, tokyo), at: since + OFFSET });
  await world.clock.advance(KEEP_INTERVAL_MILLIS);
  expect(kept).toHaveLength(2);
});

test("a reader who leaves keeps the rows", async () => {
  hear(LIVE);
  keeper.close();
  await world.clock.advance(KEEP_INTERVAL_MILLIS);
  expect(kept).toHaveLength(2);
});

test("rows that were never right are not kept", () => {
  hear({ status: "reconnecting", since: 0 });
  keeper.close();
  expect(kept).toEqual([]);
});

test.each(["closed", "absent"] as const)("the rows of a board are forgotten: %s", (status) => {
  hear(LIVE);
  hear({ status });
  hear({ status });
  expect(forgotten).toBe(1);
  expect(kept).toHaveLength(1);
});

test("a denied board is forgotten", () => {
  hear({ status: "denied", hadRows: false });
  expect(forgotten).toBe(1);
});

test("private rows are never kept", async () => {
  const rows = { timetable: timetable({ ...arrivals, private: true }, rome) };
  hear(LIVE, rows);
  await world.clock.advance(KEEP_INTERVAL_MILLIS);
  hear({ status: "reconnecting", since: 0 }, rows);
  keeper.close();
  expect(kept).toEqual([]);
  expect(forgotten).toBeGreaterThan(0);
});
