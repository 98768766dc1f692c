import { beforeEach, expect, test } from "vitest";
import { arrivals, FakeSurroundings, rome, tokyo } from "./fakes.ts";
import { Follower, RENDER_MILLIS } from "./follower.ts";

let world: FakeSurroundings;
let follower: Follower;
let told: number;

beforeEach(async () => {
  world = new FakeSurroundings();
  follower = new Follower("main", world);
  follower.open();
  world.stream.opens();
  world.stream.sends("timetable", { board: arrivals, flights: [rome, tokyo] }, "aa-1");
  await world.clock.turn(RENDER_MILLIS);
  told = 0;
  follower.subscribe(() => told++);
});

test("a burst of events is told once, with the last of each row", async () => {
  for (let step = 2; step < 500; step++) {
    world.stream.sends("flightStateUpdate", { flight: "I768", gate: `B${step}` }, `aa-${step}`);
  }
  expect(told).toBe(0);
  await world.clock.turn(RENDER_MILLIS);
  expect(told).toBe(1);
  const { timetable, changes, marks } = follower.followed();
  expect(timetable.flights.get("I768")?.gate).toBe("B499");
  expect(changes.map(({ key, fields }) => [key, ...fields])).toEqual([["I768", "gate"]]);
  expect([...marks.keys()]).toEqual(["I768"]);
});

test("the first timetable marks nothing; one after a gap marks what is new", async () => {
  expect(follower.followed().marks.size).toBe(0);
  const landed = { ...rome, state: "landed" };
  world.stream.sends("timetable", { board: arrivals, flights: [landed] }, "aa-9");
  await world.clock.turn(RENDER_MILLIS);
  const { changes, marks } = follower.followed();
  expect(changes.map(({ kind, key }) => [kind, key])).toEqual([
    ["changed", "I768"],
    ["removed", "G119"],
  ]);
  expect([...marks.keys()]).toEqual(["I768"]);
});

test("a mark shows that the same row has changed again", async () => {
  const turns: (number | undefined)[] = [];
  for (const [turn, state] of ["landing", "landed"].entries()) {
    world.stream.sends("flightStateUpdate", { flight: "I768", state }, `aa-${2 + turn}`);
    await world.clock.turn(RENDER_MILLIS);
    turns.push(follower.followed().marks.get("I768")?.turn);
  }
  expect(turns).toEqual([1, 2]);
});

test("a row that is gone takes its mark along", async () => {
  world.stream.sends("flightStateUpdate", { flight: "I768", state: "landed" }, "aa-2");
  await world.clock.turn(RENDER_MILLIS);
  expect(follower.followed().marks.size).toBe(1);
  world.stream.sends("flightRemoval", { flight: "I768" }, "aa-3");
  await world.clock.turn(RENDER_MILLIS);
  expect(follower.followed().marks.size).toBe(0);
});

test("the end of a board announces no removals", async () => {
  world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-2");
  expect(follower.followed().connection).toEqual({ is: "closed", reason: "end of the day" });
  expect(follower.followed().changes).toEqual([]);
});

test("what was taken but not told yet is told with the next state", () => {
  world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-2");
  follower.stop();
  expect(follower.followed().timetable.flights.get("I768")?.state).toBe("landing");
});

test("what came while timers ran late is told with the first look", () => {
  world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-2");
  follower.wake();
  expect(follower.followed().timetable.flights.get("I768")?.state).toBe("landing");
});

test("rows that are new again and the word that they are come together", async () => {
  world.stream.breaks();
  world.stream.opens();
  await world.clock.turn(RENDER_MILLIS);
  const seen: unknown[] = [];
  follower.subscribe(() => {
    const { timetable, connection } = follower.followed();
    seen.push([connection.is, timetable.flights.get("I768")?.state]);
  });
  const landed = { ...rome, state: "landed" };
  world.stream.sends("timetable", { board: arrivals, flights: [landed] }, "aa-9");
  await world.clock.turn(RENDER_MILLIS);
  expect(seen).toEqual([["live", "landed"]]);
});
