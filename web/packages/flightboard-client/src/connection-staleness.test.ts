import { beforeEach, describe, expect, test } from "vitest";
import { FIRST_BACKOFF_MILLIS, MAX_BACKOFF_MILLIS } from "./backoff.ts";
import { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { GAP_TIMEOUT_MILLIS } from "./completeness.ts";
import {
  openConnection,
  HEARTBEAT_INTERVAL_MILLIS,
  RESUMED_URL,
  WHOLE_URL,
} from "./connection-fixture.ts";
import { arrivals, flushPromises, rome } from "./test-doubles.ts";

let { world, events, states, misfits, state, goesLive, beats, nextStream } = openConnection();

beforeEach(() => {
  ({ world, events, states, misfits, state, goesLive, beats, nextStream } = openConnection());
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
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
  });

  test("ends streams with jitter and back-off", async () => {
    goesLive();
    world.chance = 0;
    expect(await nextStream()).toBe(SILENCE_TIMEOUT_MILLIS + 1_000);
    world.chance = 1;
    expect(await nextStream()).toBe(SILENCE_TIMEOUT_MILLIS + 10_000);
    expect(await nextStream()).toBe(SILENCE_TIMEOUT_MILLIS + 20_000);
    expect(world.asked, "a silent server gets no other requests").toEqual([]);
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
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS + FIRST_BACKOFF_MILLIS);
    world.stream.opens();
    expect(state().status).toBe("stale");
    beats();
    expect(state()).toEqual({ status: "live" });
  });
});

describe("a heartbeat with another head", () => {
  beforeEach(() => goesLive());

  test("is a gap if nothing follows", async () => {
    const since = world.clock.now();
    beats("aa-8");
    await world.clock.advance(GAP_TIMEOUT_MILLIS - 1);
    expect(state()).toEqual({ status: "live" });
    await world.clock.advance(1);
    expect(state()).toEqual({ status: "reconnecting", since });
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
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
    await world.clock.advance(GAP_TIMEOUT_MILLIS + FIRST_BACKOFF_MILLIS);
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
      waits.push(await nextStream());
      urls.push(world.stream.url);
    }
    expect(urls).toEqual([RESUMED_URL, WHOLE_URL, RESUMED_URL, WHOLE_URL]);
    expect(waits).toEqual([5_000, 10_000, 20_000, MAX_BACKOFF_MILLIS]);
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
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(RESUMED_URL);
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

describe("an event of unknown name", () => {
  beforeEach(() => goesLive());

  test("counts, though no listener hears it", async () => {
    world.stream.sends("weatherUpdate", { status: "down" }, "aa-8");
    beats("aa-8");
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(state()).toEqual({ status: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("is not replayed", async () => {
    world.stream.sends("weatherUpdate", { status: "down" }, "aa-8");
    beats("aa-8");
    world.stream.ends();
    await nextStream();
    expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-8");
    world.stream.opens();
    world.stream.sends("weatherUpdate", { status: "up" }, "aa-9");
    beats("aa-9");
    expect(state()).toEqual({ status: "live" });
  });

  test("does not hide a lost event", async () => {
    world.stream.sends("weatherUpdate", { status: "down" }, "aa-8");
    beats("aa-9");
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(state().status).toBe("reconnecting");
  });

  test("never moves the id back", async () => {
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-9");
    world.stream.sends("weatherUpdate", { status: "down" }, "aa-8");
    beats("aa-9");
    expect(state()).toEqual({ status: "live" });
    await world.clock.advance(GAP_TIMEOUT_MILLIS);
    expect(world.streams).toHaveLength(1);
  });

  test("restarts if of another epoch", async () => {
    world.stream.sends("weatherUpdate", { status: "down" }, "bb-3");
    beats("bb-3");
    expect(state().status).toBe("reconnecting");
    await nextStream();
    expect(world.stream.url).toBe(WHOLE_URL);
  });
});

describe("an event that does not fit", () => {
  test("restarts from a whole timetable", async () => {
    goesLive();
    const since = world.clock.now();
    misfits.add("flightRemoval");
    world.stream.sends("flightRemoval", { flight: "G119" }, "aa-8");
    expect(state()).toEqual({ status: "reconnecting", since });
    await nextStream();
    expect(world.stream.url).toBe(WHOLE_URL);
    goesLive();
    expect(state()).toEqual({ status: "live" });
  });
});
