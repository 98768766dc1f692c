// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { arrivals, FakePageEnvironment, rome, tokyo } from "./test-doubles.ts";
import { keyOf } from "flightboard-client";
import { FIRST_BACKOFF_MILLIS } from "../packages/flightboard-client/src/backoff.ts";
import { Follower } from "./follower.ts";
import { ROWS_INTERVAL_MILLIS } from "flightboard-client";

let world: FakePageEnvironment;
let follower: Follower;
let told: number;

beforeEach(async () => {
  world = new FakePageEnvironment();
  follower = new Follower("/boards/main", world);
  follower.open();
  world.stream.opens();
  world.stream.sends("timetable", { board: arrivals, flights: [rome, tokyo] }, "aa-1");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  told = 0;
  follower.subscribe(() => told++);
});

test("a burst is rendered once", async () => {
  for (let step = 2; step < 500; step++) {
    world.stream.sends("flightStateUpdate", { flight: "I768", gate: `B${step}` }, `aa-${step}`);
  }
  expect(told).toBe(0);
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(told).toBe(1);
  const { timetable, changes, highlights } = follower.followed();
  expect(timetable.flights.get(keyOf(rome))?.gate).toBe("B499");
  expect(changes.map(({ key, fields }) => [key, ...fields])).toEqual([[keyOf(rome), "gate"]]);
  expect([...highlights.keys()]).toEqual([keyOf(rome)]);
});

test("only later timetables highlight rows", async () => {
  expect(follower.followed().highlights.size).toBe(0);
  const landed = { ...rome, state: "landed" };
  world.stream.sends("timetable", { board: arrivals, flights: [landed] }, "aa-9");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  const { changes, highlights } = follower.followed();
  expect(changes.map(({ kind, key }) => [kind, key])).toEqual([
    ["changed", keyOf(rome)],
    ["removed", keyOf(tokyo)],
  ]);
  expect([...highlights.keys()]).toEqual([keyOf(rome)]);
});

test("rows are forgotten without a right", async () => {
  world.status = "denied";
  world.stream.ends();
  await world.clock.advance(FIRST_BACKOFF_MILLIS);
  const { timetable, connection } = follower.followed();
  expect([connection.status, timetable.board, timetable.flights.size]).toEqual(["denied", null, 0]);
});

test("repeated changes restart the highlight", async () => {
  const turns: (number | undefined)[] = [];
  for (const [turn, state] of ["landing", "landed"].entries()) {
    world.stream.sends("flightStateUpdate", { flight: "I768", state }, `aa-${2 + turn}`);
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
    turns.push(follower.followed().highlights.get(keyOf(rome))?.turn);
  }
  expect(turns).toEqual([1, 2]);
});

test("held fields are no news", async () => {
  world.stream.sends("flightStateUpdate", { flight: "I768", held: ["gate"] }, "aa-2");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(follower.followed().timetable.flights.get(keyOf(rome))?.held).toEqual(["gate"]);
  expect(follower.followed().changes).toEqual([]);
});

test("a removed row loses its highlight", async () => {
  world.stream.sends("flightStateUpdate", { flight: "I768", state: "landed" }, "aa-2");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(follower.followed().highlights.size).toBe(1);
  world.stream.sends("flightRemoval", { flight: "I768" }, "aa-3");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(follower.followed().highlights.size).toBe(0);
});

test("closing announces no removals", async () => {
  world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-2");
  expect(follower.followed().connection).toEqual({ status: "closed", reason: "end of the day" });
  expect(follower.followed().changes).toEqual([]);
});

test.each([
  ["flightStateUpdate", { flight: "XX1", state: "landing" }],
  ["flightRemoval", { flight: "XX1" }],
  ["flightRemoval", { flight: "I768", date: "2026-11-22" }],
])("a %s of a missing row restarts", async (name, data) => {
  world.stream.sends(name, data, "aa-2");
  expect(follower.followed().connection.status).toBe("reconnecting");
  expect(follower.followed().timetable.flights.size, "the rows stay, with a notice").toBe(2);
  await world.clock.advance(FIRST_BACKOFF_MILLIS);
  expect(world.stream.url).toBe("/boards/main/events");
});

test("pending events follow the next state", () => {
  world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-2");
  follower.stop();
  expect(follower.followed().timetable.flights.get(keyOf(rome))?.state).toBe("landing");
});

test("rows and status change together", async () => {
  world.stream.breaks();
  world.stream.opens();
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  const seen: unknown[] = [];
  follower.subscribe(() => {
    const { timetable, connection } = follower.followed();
    seen.push([connection.status, timetable.flights.get(keyOf(rome))?.state]);
  });
  const landed = { ...rome, state: "landed" };
  world.stream.sends("timetable", { board: arrivals, flights: [landed] }, "aa-9");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(seen).toEqual([["live", "landed"]]);
});

test("the server's time is told as an offset", async () => {
  const beat = (aheadMillis: number) => {
    const at = new Date(world.clock.now() + aheadMillis).toISOString();
    world.stream.sends("heartbeat", { at, head: "aa-1" });
    return world.clock.advance(ROWS_INTERVAL_MILLIS);
  };
  expect(follower.followed().clockOffset).toBeUndefined();
  await beat(60_000);
  expect(follower.followed().clockOffset).toBe(60_000);
  const before = told;
  await beat(60_500);
  expect(told, "a delay on the way is no news").toBe(before);
  await beat(0);
  expect(follower.followed().clockOffset).toBe(0);
});
