import { beforeEach, describe, expect, test } from "vitest";
import { FIRST_BACKOFF_MILLIS, MAX_BACKOFF_MILLIS } from "./backoff.ts";
import { BROWSER_RETRIES, CONNECT_TIMEOUT_MILLIS, SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { GAP_TIMEOUT_MILLIS } from "./completeness.ts";
import {
  openConnection,
  HEARTBEAT_INTERVAL_MILLIS,
  RESUMED_URL,
  WHOLE_URL,
} from "./connection-fixture.ts";
import { arrivals } from "./test-doubles.ts";

/** The longest `retry:` of docs/protocol.md. */
const MAX_BUSY_RETRY_MILLIS = 120_000;

let { world, events, connection, state, goesLive, beats, nextStream } = openConnection();

beforeEach(() => {
  ({ world, events, connection, state, goesLive, beats, nextStream } = openConnection());
});

describe("a dropped stream", () => {
  test("is reopened by the browser", async () => {
    goesLive();
    const since = world.clock.now();
    world.stream.breaks();
    await world.clock.advance(3_000);
    world.stream.breaks();
    expect(state()).toEqual({ status: "reconnecting", since });
    expect(world.streams).toHaveLength(1);
    world.stream.opens();
    beats();
    expect(state()).toEqual({ status: "live" });
  });

  test("dates the rows before the drop", async () => {
    goesLive();
    const since = world.clock.now();
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    world.stream.breaks();
    expect(state()).toEqual({ status: "reconnecting", since });
    connection.stop();
    expect(state()).toEqual({ status: "stopped", since });
  });

  test("is replaced after some failed reconnects", async () => {
    goesLive();
    for (let retry = 0; retry < BROWSER_RETRIES; retry++) world.stream.breaks();
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(1);
    world.stream.breaks();
    expect(await nextStream()).toBe(FIRST_BACKOFF_MILLIS);
    world.stream.breaks();
    expect(await nextStream(), "with back-off").toBe(2 * FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("respects a long retry time", async () => {
    goesLive();
    world.stream.breaks();
    await world.clock.advance(MAX_BUSY_RETRY_MILLIS);
    expect(world.streams).toHaveLength(1);
  });
});

describe("a resumed stream", () => {
  beforeEach(() => {
    goesLive();
    world.stream.breaks();
    world.stream.opens();
  });

  test("is not live before confirmation", async () => {
    expect(state().status).toBe("reconnecting");
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    expect(state().status).toBe("reconnecting");
    beats("aa-8");
    expect(state()).toEqual({ status: "live" });
  });

  test("never asks for the head", async () => {
    world.head = "aa-7";
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    expect(world.asked, "9,000 screens would ask at once").toEqual([]);
    expect(state().status).toBe("reconnecting");
    beats();
    expect(state()).toEqual({ status: "live" });
  });

  test("is live after any timetable", async () => {
    world.stream.sends("timetable", { board: arrivals, flights: [] }, "99-3");
    expect(state()).toEqual({ status: "live" });
    connection.stop();
    connection.resume();
    expect(world.stream.url).toBe("/boards/main/events?lastEventId=99-3");
  });

  test("is live once the head arrives", () => {
    beats("aa-9");
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    expect(state().status).toBe("reconnecting");
    world.stream.sends("flightRemoval", { flight: "G119" }, "aa-9");
    expect(state()).toEqual({ status: "live" });
  });

  test("is replaced if the head never arrives", async () => {
    beats("aa-9");
    expect(await nextStream()).toBe(GAP_TIMEOUT_MILLIS + FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("is replaced if held back", async () => {
    expect(await nextStream()).toBe(SILENCE_TIMEOUT_MILLIS + FIRST_BACKOFF_MILLIS);
    expect(state().status).toBe("reconnecting");
  });

  test("ignores duplicate events", () => {
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "" }, "aa-7");
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    expect(events.map(({ name }) => name)).toEqual(["timetable", "flightStateUpdate"]);
    expect(world.streams).toHaveLength(1);
  });

  test("restarts on another epoch", async () => {
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "99-7");
    expect(events).toHaveLength(1);
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe(WHOLE_URL);
  });
});

describe("a fatal error", () => {
  beforeEach(() => {
    goesLive();
    world.stream.ends();
  });

  test("opens a new stream after the last id", async () => {
    expect(state()).toEqual({ status: "reconnecting", since: world.clock.now() });
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.asked).toEqual(["/boards/main"]);
    expect(world.stream.url).toBe(RESUMED_URL);
    world.stream.opens();
    beats();
    expect(state()).toEqual({ status: "live" });
  });

  test("backs off up to a bound", async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      waits.push(await nextStream());
      world.stream.ends();
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, MAX_BACKOFF_MILLIS, 30_000]);

    await nextStream();
    world.stream.opens();
    beats();
    world.stream.ends();
    expect(await nextStream()).toBe(FIRST_BACKOFF_MILLIS);
  });

  test("adds jitter to the back-off", async () => {
    await nextStream();
    world.chance = 0;
    world.stream.ends();
    expect(await nextStream()).toBe(2_000);
  });

  test("ends when the board is closed", async () => {
    world.status = "closed";
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(state()).toEqual({ status: "closed" });
    connection.wake();
    connection.resume();
    expect(world.streams).toHaveLength(1);
  });

  test("retries without an answer", async () => {
    world.status = "unknown";
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
  });

  test("waits for a missing board", async () => {
    world.status = "absent";
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(state()).toEqual({ status: "absent", since: world.clock.now() - FIRST_BACKOFF_MILLIS });
    expect(world.streams).toHaveLength(1);
    world.status = "open";
    await world.clock.advance(MAX_BACKOFF_MILLIS);
    expect(state()).toEqual({ status: "connecting" });
    expect(world.streams).toHaveLength(2);
  });
});

describe("a stream that is held back", () => {
  test("is given up from its first byte", async () => {
    expect(await nextStream()).toBe(SILENCE_TIMEOUT_MILLIS + FIRST_BACKOFF_MILLIS);
    expect(state().status, "the reader is told").toBe("reconnecting");
    expect(world.stream.url).toBe(WHOLE_URL);
    goesLive();
    expect(state()).toEqual({ status: "live" });
  });

  test("gets more time with each attempt", async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      world.stream.opens();
      waits.push(await nextStream());
    }
    const backoffs = [5_000, 10_000, 20_000, MAX_BACKOFF_MILLIS];
    const allowed = waits.map((wait, attempt) => wait - backoffs[attempt]!);
    expect(allowed).toEqual([35_000, 70_000, CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS]);
  });

  test("leaves no attempt to the browser", async () => {
    world.stream.breaks();
    expect(state().status).toBe("reconnecting");
    expect(await nextStream()).toBe(FIRST_BACKOFF_MILLIS);
  });
});
