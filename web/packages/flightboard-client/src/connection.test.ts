import { beforeEach, describe, expect, test } from "vitest";
import { FIRST_BACKOFF_MILLIS } from "./backoff.ts";
import { SILENCE_TIMEOUT_MILLIS, WATCHDOG_INTERVAL_MILLIS } from "./board-stream.ts";
import {
  openConnection,
  HEARTBEAT_INTERVAL_MILLIS,
  RESUMED_URL,
  WHOLE_URL,
} from "./connection-fixture.ts";
import { createConnection } from "./connection.ts";
import type { BoardSummary } from "./environment.ts";
import { rome } from "./test-doubles.ts";

let { world, events, states, builds, connection, state, goesLive } = openConnection();

beforeEach(() => {
  ({ world, events, states, builds, connection, state, goesLive } = openConnection());
});

describe("opening", () => {
  test("requests a whole timetable", () => {
    expect(world.stream.url).toBe(WHOLE_URL);
    expect(state()).toEqual({ status: "connecting" });
  });

  test("is live once rows arrive", () => {
    world.stream.opens();
    expect(state()).toEqual({ status: "connecting" });
    goesLive();
    expect(state()).toEqual({ status: "live" });
  });

  test("restarts on an update before rows", async () => {
    world.stream.opens();
    world.stream.sends("flightAddition", rome, "aa-8");
    expect(events).toEqual([]);
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(WHOLE_URL);
    expect(world.streams).toHaveLength(2);
  });

  test("delivers events in order", () => {
    goesLive();
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-9");
    expect(events.map(({ name }) => name)).toEqual([
      "timetable",
      "flightStateUpdate",
      "flightRemoval",
    ]);
    expect(states).toEqual([{ status: "connecting" }, { status: "live" }]);
  });

  test("encodes the board's name", () => {
    const other = createConnection("/boards/hall%20b%2F1", world, {
      onEvent: () => true,
      onState: () => {},
      onHeartbeat: () => {},
    });
    other.open();
    expect(world.stream.url).toBe("/boards/hall%20b%2F1/events");
  });

  test("ignores events named open and error", () => {
    goesLive();
    world.stream.sends("error", { at: "gate" }, "aa-8");
    world.stream.sends("open", {}, "aa-9");
    expect(state()).toEqual({ status: "live" });
  });

  test("tells the build of the server's page", () => {
    goesLive();
    world.stream.sends("heartbeat", { head: "aa-7", build: "0b7d5c6e9f12" });
    expect(builds).toEqual(["0b7d5c6e9f12"]);
  });
});

describe("an unreadable event", () => {
  test("restarts from a whole timetable", async () => {
    goesLive();
    world.stream.sends("flightStateUpdate", "{", "aa-8");
    expect(state().status).toBe("reconnecting");
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(WHOLE_URL);
  });
});

describe("stop", () => {
  test("closes the stream until resume", async () => {
    goesLive();
    connection.stop();
    expect(world.stream.readyState).toBe(2);
    expect(state()).toEqual({ status: "stopped", since: world.clock.now() });
    expect(world.clock.pending).toBe(0);
    connection.wake();
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
  });

  test("resumes after the last id", () => {
    goesLive();
    connection.stop();
    connection.resume();
    expect(state()).toEqual({ status: "connecting" });
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("keeps the id of earlier events", () => {
    goesLive();
    connection.stop();
    connection.resume();
    world.stream.sends("flightRemoval", { flight: "I768" });
    connection.stop();
    connection.resume();
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("ignores a stream that keeps sending", () => {
    goesLive();
    const old = world.stream;
    connection.stop();
    old.sends("flightRemoval", { flight: "I768" }, "aa-8");
    old.ends();
    expect(events).toHaveLength(1);
    expect(state().status).toBe("stopped");
  });

  test("wins over a pending retry", async () => {
    goesLive();
    world.stream.ends();
    let answer = (_: BoardSummary) => {};
    Object.assign(world, { fetchBoard: () => new Promise((resolve) => (answer = resolve)) });
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    connection.stop();
    answer({ status: "open" });
    await world.clock.advance(0);
    expect(state().status).toBe("stopped");
    expect(world.streams).toHaveLength(1);
  });
});

describe("a suspended page", () => {
  beforeEach(() => goesLive());

  test("resumes after the last id", async () => {
    connection.suspend();
    expect(world.stream.readyState).toBe(2);
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
    connection.wake();
    expect(world.stream.url).toBe(RESUMED_URL);
    expect(state().status).toBe("reconnecting");
  });

  test("stays stopped", () => {
    connection.stop();
    connection.suspend();
    connection.wake();
    expect(state().status).toBe("stopped");
    expect(world.streams).toHaveLength(1);
  });
});

describe("a page that becomes visible", () => {
  beforeEach(() => goesLive());

  test("replaces a silent stream", () => {
    const since = world.clock.now();
    world.clock.sleep(SILENCE_TIMEOUT_MILLIS + 1);
    connection.wake();
    expect(state()).toEqual({ status: "stale", since });
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("notices that the computer slept", async () => {
    const since = world.clock.now();
    world.clock.sleep(3_600_000);
    await world.clock.advance(WATCHDOG_INTERVAL_MILLIS);
    expect(state()).toEqual({ status: "stale", since });
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("tolerates a clock set back", async () => {
    world.clock.setWallClock(-3_600_000);
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS);
    expect(state().status).toBe("stale");
  });

  test("keeps an active stream", () => {
    world.clock.sleep(HEARTBEAT_INTERVAL_MILLIS);
    connection.wake();
    expect(world.streams).toHaveLength(1);
  });

  test("cuts a back-off short", () => {
    world.stream.ends();
    connection.wake();
    expect(world.stream.url).toBe(RESUMED_URL);
  });
});

describe("a restored network", () => {
  beforeEach(() => goesLive());

  test("replaces an open stream", async () => {
    const since = world.clock.now();
    connection.renew();
    expect(state()).toEqual({ status: "reconnecting", since });
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("restarts a long back-off", async () => {
    for (let attempt = 0; attempt < 6; attempt++) {
      world.stream.ends();
      await world.clock.advance(30_000);
    }
    world.stream.ends();
    connection.renew();
    expect(world.streams, "others are back too").toHaveLength(7);
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(8);
  });

  test("leaves a reconnecting stream alone", async () => {
    world.stream.breaks();
    connection.renew();
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(1);
  });

  test("keeps a stopped stream stopped", () => {
    connection.stop();
    connection.renew();
    expect(state().status).toBe("stopped");
  });
});

test("dispose cancels all timers", () => {
  goesLive();
  connection.dispose();
  expect(world.stream.readyState).toBe(2);
  expect(world.clock.pending).toBe(0);
});
