import { beforeEach, describe, expect, test } from "vitest";
import { FIRST_BACKOFF_MILLIS } from "./backoff.ts";
import { openConnection, RESUMED_URL, WHOLE_URL } from "./connection-fixture.ts";
import type { BoardRows } from "./environment.ts";
import { arrivals, flushPromises, rome } from "./test-doubles.ts";

const rows: BoardRows = { data: { board: arrivals, id: "aa-7", flights: [rome] }, id: "aa-7" };

let asked: number;
let answer: (rows: BoardRows | null) => Promise<void>;
let { world, events, state, states, connection, beats } = openConnection();

beforeEach(() => {
  asked = 0;
  let resolve: (rows: BoardRows | null) => void;
  const answered = new Promise<BoardRows | null>((resolved) => (resolve = resolved));
  ({ world, events, state, states, connection, beats } = openConnection(() => {
    asked += 1;
    return answered;
  }));
  answer = (rows) => {
    resolve(rows);
    return flushPromises();
  };
});

describe("the first rows", () => {
  test("are there before the stream", async () => {
    expect(world.streams).toHaveLength(0);
    await answer(rows);
    expect(events.map(({ name }) => name)).toEqual(["timetable"]);
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("are as old as they say", async () => {
    const at = world.clock.now() - 20_000;
    await answer({ ...rows, at });
    connection.stop();
    expect(state()).toEqual({ status: "stopped", since: at });
  });

  test("are not live before a heartbeat", async () => {
    await answer(rows);
    world.stream.opens();
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landed" }, "aa-8");
    expect(states.map(({ status }) => status)).toEqual(["connecting"]);
    beats("aa-8");
    expect(state()).toEqual({ status: "live" });
  });

  test("give way to a timetable", async () => {
    await answer(rows);
    world.stream.opens();
    world.stream.sends("timetable", { board: arrivals, flights: [] }, "bb-1");
    expect(events.map(({ name }) => name)).toEqual(["timetable", "timetable"]);
    expect(state()).toEqual({ status: "live" });
  });

  test("are as old as their request", async () => {
    const since = world.clock.now();
    await world.clock.advance(2_000);
    await answer(rows);
    world.stream.breaks();
    expect(state()).toEqual({ status: "reconnecting", since });
  });

  test("are asked for only once", async () => {
    await answer(rows);
    world.stream.ends();
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe(RESUMED_URL);
    expect(events).toHaveLength(1);
  });

  test("are not asked for again by a wake", async () => {
    connection.wake();
    await answer(rows);
    expect([asked, events.length, world.streams.length]).toEqual([1, 1, 1]);
  });

  test("are asked for once the page is back", async () => {
    connection.suspend();
    connection.wake();
    await answer(rows);
    expect(world.streams).toHaveLength(1);
    expect(world.stream.url).toBe(RESUMED_URL);
  });
});

describe("without an answer", () => {
  test.each([
    null,
    { data: { board: arrivals, flights: [] }, id: "aa-7" },
    { data: { flights: [rome] }, id: "aa-7" },
  ])("the stream brings all rows: %j", async (rows) => {
    await answer(rows);
    expect(events).toEqual([]);
    expect(world.stream.url).toBe(WHOLE_URL);
  });

  test.each(["stop", "suspend", "dispose"] as const)("%s ends the start", async (end) => {
    connection[end]();
    await answer(rows);
    expect(events).toEqual([]);
    expect(world.streams).toHaveLength(0);
  });
});
