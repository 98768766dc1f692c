// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test } from "vitest";
import { followBoard, ROWS_INTERVAL_MILLIS, type BoardFollower } from "./follow-board.ts";
import type { Flight } from "./flight.ts";
import { arrivals, FakeEnvironment, flushPromises, rome, tokyo } from "./test-doubles.ts";
import type { RowChange } from "./timetable.ts";

let world: FakeEnvironment;
let follower: BoardFollower;
let rows: (readonly Flight[])[];
let changes: (readonly RowChange[])[];
let statuses: string[];

function follow(url: string): BoardFollower {
  world = new FakeEnvironment();
  [rows, changes, statuses] = [[], [], []];
  const listener = {
    onRows: (some: readonly Flight[]) => void rows.push(some),
    onChange: (some: readonly RowChange[]) => void changes.push(some),
    onStatus: ({ status }: { status: string }) => void statuses.push(status),
  };
  return followBoard(url, listener, { environment: world });
}

beforeEach(() => {
  follower = follow("/boards/main");
  world.stream.opens();
  world.stream.sends("timetable", { board: arrivals, flights: [rome, tokyo] }, "aa-1");
});

afterEach(() => follower.close());

test("rows come before the status", () => {
  expect(rows).toEqual([[rome, tokyo]]);
  expect(statuses).toEqual(["connecting", "live"]);
  expect(changes).toEqual([]);
});

test("requested rows are told at once", async () => {
  const opened = new FakeEnvironment();
  opened.fetchRows = async () => ({ data: { board: arrivals, flights: [rome] }, id: "aa-1" });
  const told: number[] = [];
  const onRows = ({ length }: readonly Flight[]) => void told.push(length);
  const other = followBoard("/boards/main", { onRows }, { environment: opened });
  await flushPromises();
  expect(told).toEqual([1]);
  expect(other.status().status).toBe("connecting");
  other.close();
});

test("a burst is told once", async () => {
  for (let step = 2; step < 500; step++) {
    world.stream.sends("flightStateUpdate", { flight: "I768", gate: `B${step}` }, `aa-${step}`);
  }
  expect(rows).toHaveLength(1);
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  const after = { ...rome, gate: "B499" };
  expect(rows).toEqual([
    [rome, tokyo],
    [after, tokyo],
  ]);
  expect(changes).toEqual([[{ key: '["I768",null,null]', before: rome, after }]]);
});

test("a change after a pause is told", async () => {
  const changeGate = (gate: string, id: string) =>
    world.stream.sends("flightStateUpdate", { flight: "I768", gate }, id);
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  changeGate("B2", "aa-2");
  await world.clock.advance(0);
  expect(rows).toHaveLength(2);
  changeGate("B3", "aa-3");
  await world.clock.advance(ROWS_INTERVAL_MILLIS - 1);
  expect(rows).toHaveLength(2);
  await world.clock.advance(1);
  expect(rows).toHaveLength(3);
});

test("rows that were told do not change", async () => {
  let earlier: ReadonlyMap<string, Flight> | undefined;
  const seen: number[] = [];
  const other = followBoard(
    "/boards/main",
    {
      onRows: (_, { flights }) => {
        seen.push(earlier?.size ?? 0);
        earlier = flights;
      },
    },
    { environment: world },
  );
  world.stream.sends("timetable", { board: arrivals, flights: [rome] }, "aa-1");
  for (const flight of ["A1", "A2", "A3"]) {
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
    world.stream.sends("flightAddition", { flight }, `aa-${flight.slice(1)}1`);
    world.stream.sends("flightAddition", { flight: `${flight}B` }, `aa-${flight.slice(1)}2`);
  }
  expect(earlier?.size).toBe(5);
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(seen).toEqual([0, 1, 3, 5]);
  other.close();
});

test("an equal timetable changes nothing", async () => {
  world.stream.sends("timetable", { board: arrivals, flights: [rome, tokyo] }, "aa-9");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(rows).toHaveLength(2);
  expect(changes).toEqual([]);
});

test("additions and removals are changes", async () => {
  world.stream.sends("flightRemoval", { flight: "I768" }, "aa-2");
  world.stream.sends("flightAddition", { flight: "BA1" }, "aa-3");
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  expect(changes.flat().map(({ before, after }) => [before?.flight, after?.flight])).toEqual([
    ["I768", undefined],
    [undefined, "BA1"],
  ]);
});

test("a page that is hidden follows nothing", async () => {
  window.dispatchEvent(new Event("pagehide"));
  expect(world.stream.readyState).toBe(2);
  window.dispatchEvent(new Event("pageshow"));
  expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-1");
});

test("nothing happens after its end", async () => {
  world.stream.sends("flightRemoval", { flight: "I768" }, "aa-2");
  follower.close();
  window.dispatchEvent(new Event("pageshow"));
  await world.clock.advance(ROWS_INTERVAL_MILLIS);
  await flushPromises();
  expect(rows).toHaveLength(1);
  expect([world.stream.readyState, world.streams.length]).toEqual([2, 1]);
  expect(world.clock.pending).toBe(0);
});

test.each([
  ["/boards/main", "/boards/main/events"],
  ["https://airport.example/base/boards/hall%20b/?q=1", "/base/boards/hall%20b/events"],
])("follows the board at %s", (url, stream) => {
  follower.close();
  follower = follow(url);
  expect(world.stream.url).toBe(stream);
});
