// @vitest-environment jsdom
// A follower without the server: the rows that this browser has kept, and their end.

import { keyOf, unknownTimetable } from "flightboard-client";
import { beforeEach, expect, test } from "vitest";
import { FIRST_BACKOFF_MILLIS } from "../../packages/flightboard-client/src/backoff.ts";
import { Follower } from "../follower.ts";
import { arrivals, FakePageEnvironment, rome, tokyo } from "../test-doubles.ts";
import { byServerClock } from "../useFollowedBoard.ts";

const AT = 1_000_000;
const timetable = {
  ...unknownTimetable,
  board: arrivals,
  flights: new Map([[keyOf(rome), rome]]),
};

let world: FakePageEnvironment;
let follower: Follower;

beforeEach(async () => {
  world = new FakePageEnvironment();
  world.keptRows = {
    keep: async () => undefined,
    read: async (url) => (url === "/boards/main" ? { timetable, at: AT } : undefined),
    forget: async () => undefined,
  };
  follower = new Follower("/boards/main", world);
  follower.open();
  world.stream.breaks();
  await world.clock.advance(0);
});

const rows = () => [...follower.followed().timetable.flights.values()];

test("kept rows are shown as such", () => {
  expect(rows()).toEqual([rome]);
  expect(follower.followed().keptAt).toBe(AT);
  expect(byServerClock(follower.followed())).toEqual({ status: "reconnecting", since: AT });
});

test("rows of the server replace them", async () => {
  await world.clock.advance(FIRST_BACKOFF_MILLIS);
  world.stream.opens();
  world.stream.sends("timetable", { board: arrivals, flights: [tokyo] }, "aa-1");
  await world.clock.advance(100);
  expect(rows()).toEqual([tokyo]);
  expect(follower.followed().keptAt).toBeUndefined();
});

test("a new attempt never shows them as current", () => {
  follower.stop();
  expect(rows()).toEqual([rome]);
  follower.resume();
  expect(follower.followed().connection.status).toBe("connecting");
  expect(rows()).toEqual([]);
});
