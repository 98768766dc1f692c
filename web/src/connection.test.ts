import { beforeEach, describe, expect, test } from "vitest";
import {
  CONNECT_TIMEOUT_MILLIS,
  Connection,
  MIN_BACKOFF_MILLIS,
  GAP_TIMEOUT_MILLIS,
  MAX_BACKOFF_MILLIS,
  WATCHDOG_INTERVAL_MILLIS,
  SILENCE_TIMEOUT_MILLIS,
  type BoardSummary,
  type ConnectionState,
} from "./connection.ts";
import type { BoardEvent } from "./events.ts";
import { arrivals, FakeEnvironment, rome, flushPromises } from "./test-doubles.ts";

const HEARTBEAT_INTERVAL_MILLIS = 15_000;
/** The longest `retry:` of docs/protocol.md. */
const MAX_BUSY_RETRY_MILLIS = 120_000;

let world: FakeEnvironment;
let events: BoardEvent[];
let states: ConnectionState[];
let connection: Connection;

beforeEach(() => {
  world = new FakeEnvironment();
  events = [];
  states = [];
  connection = new Connection("main", world, {
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
  });
  connection.open();
});

function goesLive(): void {
  world.stream.opens();
  world.stream.sends("timetable", { board: arrivals, reason: "start", flights: [rome] }, "aa-7");
}

function beats(head = "aa-7"): void {
  world.stream.sends("heartbeat", { at: "2026-11-22T14:00:00Z", head });
}

const state = () => connection.state;
const resumed = "/boards/main/events?lastEventId=aa-7";

describe("opening", () => {
  test("requests a whole timetable", () => {
    expect(world.stream.url).toBe("/boards/main/events");
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
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.stream.url).toBe("/boards/main/events");
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
    const other = new Connection("hall b/1", world, { onEvent: () => {}, onState: () => {} });
    other.open();
    expect(world.stream.url).toBe("/boards/hall%20b%2F1/events");
  });

  test("retries after the connect timeout", async () => {
    await world.clock.advance(CONNECT_TIMEOUT_MILLIS - 1);
    expect(world.streams).toHaveLength(1);
    await world.clock.advance(1);
    expect(world.streams).toHaveLength(2);
    expect(state()).toEqual({ status: "connecting" });
  });
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
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(world.asked, "the heartbeat has told").toEqual([]);
  });

  test("is live after any timetable", async () => {
    world.stream.sends("timetable", { board: arrivals, flights: [] }, "99-3");
    expect(state()).toEqual({ status: "live" });
    connection.stop();
    connection.resume();
    expect(world.stream.url).toBe("/boards/main/events?lastEventId=99-3");
  });

  test("fetches the head without a heartbeat", async () => {
    world.head = "aa-7";
    await world.clock.advance(GAP_TIMEOUT_MILLIS - 1);
    expect(world.asked).toEqual([]);
    await world.clock.advance(1);
    expect(world.asked).toEqual(["main"]);
    expect(state()).toEqual({ status: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("is live once the head arrives", async () => {
    world.head = "aa-9";
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    expect(state().status).toBe("reconnecting");
    world.stream.sends("flightRemoval", { flight: "G119" }, "aa-9");
    expect(state()).toEqual({ status: "live" });
  });

  test("is replaced if the head never arrives", async () => {
    world.head = "aa-9";
    await world.clock.advance(GAP_TIMEOUT_MILLIS * 2 + MIN_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe(resumed);
  });

  test.each([undefined, "aa-6"])("waits for the heartbeat with the answer %s", async (head) => {
    world.head = head;
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    expect(state().status).toBe("reconnecting");
    expect(world.streams).toHaveLength(1);
    beats();
    expect(state()).toEqual({ status: "live" });
  });

  test("ignores answers after another drop", async () => {
    let answer = (_: BoardSummary) => {};
    Object.assign(world, { fetchBoard: () => new Promise((resolve) => (answer = resolve)) });
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    world.stream.breaks();
    answer({ status: "open", head: "aa-7" });
    await world.clock.advance(0);
    expect(state().status).toBe("reconnecting");
  });

  test("prefers its heartbeat to an answer", async () => {
    let answer = (_: BoardSummary) => {};
    Object.assign(world, { fetchBoard: () => new Promise((resolve) => (answer = resolve)) });
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    beats("aa-8");
    answer({ status: "open", head: "aa-7" });
    await world.clock.advance(0);
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
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe("/boards/main/events");
  });
});

describe("a fatal error", () => {
  beforeEach(() => {
    goesLive();
    world.stream.ends();
  });

  test("opens a new stream after the last id", async () => {
    expect(state()).toEqual({ status: "reconnecting", since: world.clock.now() });
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.asked).toEqual(["main"]);
    expect(world.stream.url).toBe(resumed);
    world.stream.opens();
    beats();
    expect(state()).toEqual({ status: "live" });
  });

  test("backs off up to a bound", async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const from = world.clock.now();
      const streams = world.streams.length;
      while (world.streams.length === streams) await world.clock.advance(500);
      waits.push(world.clock.now() - from);
      world.stream.ends();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, MAX_BACKOFF_MILLIS, 30_000]);

    await world.clock.advance(MAX_BACKOFF_MILLIS);
    world.stream.opens();
    beats();
    world.stream.ends();
    const streams = world.streams.length;
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(streams + 1);
  });

  test("adds jitter to the back-off", async () => {
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    world.chance = 0;
    world.stream.ends();
    await world.clock.advance(MIN_BACKOFF_MILLIS - 1);
    expect(world.streams).toHaveLength(2);
    await world.clock.advance(1);
    expect(world.streams).toHaveLength(3);
  });

  test("ends when the board is closed", async () => {
    world.status = "closed";
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(state()).toEqual({ status: "closed" });
    expect(world.clock.pending).toBe(0);
    connection.wake();
    connection.resume();
    expect(world.streams).toHaveLength(1);
  });

  test("retries without an answer", async () => {
    world.status = "unknown";
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
  });

  test("waits for a missing board", async () => {
    world.status = "absent";
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(state()).toEqual({ status: "absent" });
    expect(world.streams).toHaveLength(1);
    world.status = "open";
    await world.clock.advance(MAX_BACKOFF_MILLIS);
    expect(state()).toEqual({ status: "connecting" });
    expect(world.streams).toHaveLength(2);
  });
});

describe("silence", () => {
  test("makes the rows stale", async () => {
    goesLive();
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    beats();
    const since = world.clock.now();
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS - 1);
    expect(state()).toEqual({ status: "live" });
    const silent = world.stream;
    await world.clock.advance(1);
    expect(state()).toEqual({ status: "stale", since });
    expect(silent.readyState).toBe(2);
    expect(world.stream.url).toBe(resumed);
  });

  test("is broken by heartbeats", async () => {
    goesLive();
    for (let beat = 0; beat < 10; beat++) {
      await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
      beats();
    }
    expect(states).toEqual([{ status: "connecting" }, { status: "live" }]);
  });

  test("ends with confirmation only", async () => {
    goesLive();
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS);
    world.stream.opens();
    expect(state().status).toBe("stale");
    beats();
    expect(state()).toEqual({ status: "live" });
  });
});

describe("a heartbeat with another head", () => {
  beforeEach(goesLive);

  test("is a gap if nothing follows", async () => {
    const since = world.clock.now();
    beats("aa-8");
    await world.clock.advance(GAP_TIMEOUT_MILLIS - 1);
    expect(state()).toEqual({ status: "live" });
    await world.clock.advance(1);
    expect(state()).toEqual({ status: "reconnecting", since });
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(resumed);
  });

  test("is no gap if the event follows", async () => {
    beats("aa-8");
    await world.clock.advance(GAP_TIMEOUT_MILLIS - 1);
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(state()).toEqual({ status: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test.each(["aa-6", "99-7", "99-3", "what"])("is a gap with the head %s too", async (head) => {
    beats(head);
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(state().status).toBe("reconnecting");
  });

  test("keeps a slow stream, as stale", async () => {
    const since = world.clock.now();
    beats("aa-90");
    for (let step = 8; step < 90; step++) {
      // Slower only than it is when a gap is first suspected.
      await world.clock.advance(step === 8 ? GAP_TIMEOUT_MILLIS / 2 : GAP_TIMEOUT_MILLIS * 2);
      world.stream.sends("flightStateUpdate", { flight: "I768", gate: `B${step}` }, `aa-${step}`);
      if (step % 4 === 0) beats("aa-90");
    }
    expect(state()).toEqual({ status: "stale", since });
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-90");
    expect(state()).toEqual({ status: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("is a gap once a slow stream stops", async () => {
    beats("aa-90");
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    for (let beat = 0; beat < 2; beat++) {
      await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
      beats("aa-90");
    }
    await world.clock.advance(GAP_TIMEOUT_MILLIS + MIN_BACKOFF_MILLIS);
    expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-8");
  });

  test("backs off on repeated gaps", async () => {
    const urls: string[] = [];
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      if (world.stream.url.includes("lastEventId")) world.stream.opens();
      else if (attempt > 0) goesLive();
      beats("aa-8");
      await world.clock.advance(GAP_TIMEOUT_MILLIS);
      const streams = world.streams.length;
      const from = world.clock.now();
      while (world.streams.length === streams) await world.clock.advance(500);
      waits.push(world.clock.now() - from);
      urls.push(world.stream.url);
    }
    const whole = "/boards/main/events";
    expect(urls).toEqual([resumed, whole, resumed, whole]);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });
});

describe("a server that is behind", () => {
  function beatsBehind(behind = 12, head = "aa-7"): void {
    world.stream.sends("heartbeat", { at: "2026-11-22T14:00:00Z", head, behind });
  }

  test("makes the rows stale until it recovers", async () => {
    goesLive();
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    world.behind = 12;
    const since = world.clock.now() - 12_000;
    beatsBehind(12);
    expect(state()).toEqual({ status: "stale", since });
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    beatsBehind(27);
    expect(state()).toEqual({ status: "stale", since });
    await world.clock.advance(HEARTBEAT_INTERVAL_MILLIS);
    beats();
    expect(state()).toEqual({ status: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("has its head ignored", async () => {
    goesLive();
    beatsBehind(12, "aa-5");
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(state().status).toBe("stale");
    expect(world.streams).toHaveLength(1);
  });

  test("never makes its rows live", () => {
    world.stream.opens();
    const since = world.clock.now() - 20_000;
    beatsBehind(20);
    expect(state()).toEqual({ status: "connecting" });
    world.stream.sends("timetable", { board: arrivals, reason: "start", flights: [rome] }, "aa-7");
    expect(state()).toEqual({ status: "stale", since });
    expect(events).toHaveLength(1);
    expect(states.map(({ status }) => status)).not.toContain("live");
  });

  test("is replaced by an up-to-date replica", async () => {
    goesLive();
    world.head = "aa-9";
    beatsBehind();
    await flushPromises();
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(resumed);
    expect(world.streams).toHaveLength(2);
    expect(state().status).toBe("stale");
    world.stream.opens();
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-9");
    beats("aa-9");
    expect(state()).toEqual({ status: "live" });
  });

  test("is kept without a better replica", async () => {
    goesLive();
    world.head = "aa-7";
    world.behind = 12;
    beatsBehind();
    await flushPromises();
    await world.clock.advance(MAX_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(1);
  });
});

describe("an unreadable event", () => {
  test("restarts from a whole timetable", async () => {
    goesLive();
    world.stream.sends("flightStateUpdate", "{", "aa-8");
    expect(state().status).toBe("reconnecting");
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.stream.url).toBe("/boards/main/events");
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
    expect(world.stream.url).toBe(resumed);
  });

  test("keeps the id of earlier events", () => {
    goesLive();
    connection.stop();
    connection.resume();
    world.stream.sends("flightRemoval", { flight: "I768" });
    connection.stop();
    connection.resume();
    expect(world.stream.url).toBe(resumed);
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
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    connection.stop();
    answer({ status: "open" });
    await world.clock.advance(0);
    expect(state().status).toBe("stopped");
    expect(world.streams).toHaveLength(1);
  });
});

describe("closedConnection", () => {
  test("closes for good with its reason", async () => {
    goesLive();
    world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-8");
    expect(state()).toEqual({ status: "closed", reason: "end of the day" });
    expect(events.at(-1)?.name).toBe("closedConnection");
    expect(world.stream.readyState).toBe(2);
    connection.stop();
    connection.resume();
    connection.suspend();
    connection.wake();
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
    expect(state().status).toBe("closed");
  });
});

describe("a suspended page", () => {
  beforeEach(goesLive);

  test("resumes after the last id", async () => {
    connection.suspend();
    expect(world.stream.readyState).toBe(2);
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
    connection.wake();
    expect(world.stream.url).toBe(resumed);
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
  beforeEach(goesLive);

  test("replaces a silent stream", () => {
    const since = world.clock.now();
    world.clock.sleep(SILENCE_TIMEOUT_MILLIS + 1);
    connection.wake();
    expect(state()).toEqual({ status: "stale", since });
    expect(world.stream.url).toBe(resumed);
  });

  test("notices that the computer slept", async () => {
    const since = world.clock.now();
    world.clock.sleep(3_600_000);
    await world.clock.advance(WATCHDOG_INTERVAL_MILLIS);
    expect(state()).toEqual({ status: "stale", since });
    expect(world.stream.url).toBe(resumed);
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
    expect(world.stream.url).toBe(resumed);
  });
});

describe("a restored network", () => {
  beforeEach(goesLive);

  test("replaces an open stream", async () => {
    const since = world.clock.now();
    connection.renew();
    expect(state()).toEqual({ status: "reconnecting", since });
    await world.clock.advance(MIN_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(resumed);
  });

  test("leaves a reconnecting stream alone", async () => {
    world.stream.breaks();
    connection.renew();
    await world.clock.advance(MIN_BACKOFF_MILLIS);
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
