import { beforeEach, describe, expect, test } from "vitest";
import {
  CONNECT_MILLIS,
  Connection,
  FIRST_BACKOFF_MILLIS,
  GAP_MILLIS,
  LAST_BACKOFF_MILLIS,
  LOOK_MILLIS,
  SILENCE_MILLIS,
  type BoardNow,
  type ConnectionState,
} from "./connection.ts";
import type { BoardEvent } from "./events.ts";
import { arrivals, FakeSurroundings, rome, settled } from "./fakes.ts";

const BEAT_MILLIS = 15_000;
/** The longest `retry:` of docs/protocol.md. */
const LONGEST_BUSY_RETRY_MILLIS = 120_000;

let world: FakeSurroundings;
let events: BoardEvent[];
let states: ConnectionState[];
let connection: Connection;

beforeEach(() => {
  world = new FakeSurroundings();
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
  test("asks for a whole timetable", () => {
    expect(world.stream.url).toBe("/boards/main/events");
    expect(state()).toEqual({ is: "connecting" });
  });

  test("is live with the rows, not with the answer's beginning", () => {
    world.stream.opens();
    expect(state()).toEqual({ is: "connecting" });
    goesLive();
    expect(state()).toEqual({ is: "live" });
  });

  test("with a change of rows that never came asks for them", async () => {
    world.stream.opens();
    world.stream.sends("flightAddition", rome, "aa-8");
    expect(events).toEqual([]);
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe("/boards/main/events");
    expect(world.streams).toHaveLength(2);
  });

  test("hands every event on, in order, and tells of a state only once", () => {
    goesLive();
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-9");
    expect(events.map(({ name }) => name)).toEqual([
      "timetable",
      "flightStateUpdate",
      "flightRemoval",
    ]);
    expect(states).toEqual([{ is: "connecting" }, { is: "live" }]);
  });

  test("writes the board's name as a URL wants it", () => {
    const other = new Connection("hall b/1", world, { onEvent: () => {}, onState: () => {} });
    other.open();
    expect(world.stream.url).toBe("/boards/hall%20b%2F1/events");
  });

  test("begins again when no answer comes for very long", async () => {
    await world.clock.turn(CONNECT_MILLIS - 1);
    expect(world.streams).toHaveLength(1);
    await world.clock.turn(1);
    expect(world.streams).toHaveLength(2);
    expect(state()).toEqual({ is: "connecting" });
  });
});

describe("a cut", () => {
  test("is left to the browser, which comes back with the id itself", async () => {
    goesLive();
    const since = world.clock.now();
    world.stream.breaks();
    await world.clock.turn(3_000);
    world.stream.breaks();
    expect(state()).toEqual({ is: "reconnecting", since });
    expect(world.streams).toHaveLength(1);
    world.stream.opens();
    beats();
    expect(state()).toEqual({ is: "live" });
  });

  test("is noticed late: the rows are as of the last that was heard before it", async () => {
    goesLive();
    const since = world.clock.now();
    await world.clock.turn(BEAT_MILLIS);
    world.stream.breaks();
    expect(state()).toEqual({ is: "reconnecting", since });
    connection.stop();
    expect(state()).toEqual({ is: "stopped", since });
  });

  test("may last as long as a busy server asks for", async () => {
    goesLive();
    world.stream.breaks();
    await world.clock.turn(LONGEST_BUSY_RETRY_MILLIS);
    expect(world.streams).toHaveLength(1);
  });
});

describe("a stream that goes on", () => {
  beforeEach(() => {
    goesLive();
    world.stream.breaks();
    world.stream.opens();
  });

  test("is not live while what was missed may be under way", async () => {
    expect(state().is).toBe("reconnecting");
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    expect(state().is).toBe("reconnecting");
    beats("aa-8");
    expect(state()).toEqual({ is: "live" });
    await world.clock.turn(GAP_MILLIS);
    expect(world.asked, "the heartbeat has told").toEqual([]);
  });

  test("is live with a whole timetable, also an older one", async () => {
    world.stream.sends("timetable", { board: arrivals, flights: [] }, "99-3");
    expect(state()).toEqual({ is: "live" });
    connection.stop();
    connection.resume();
    expect(world.stream.url).toBe("/boards/main/events?lastEventId=99-3");
  });

  test("asks what is newest when no heartbeat says it soon", async () => {
    world.head = "aa-7";
    await world.clock.turn(GAP_MILLIS - 1);
    expect(world.asked).toEqual([]);
    await world.clock.turn(1);
    expect(world.asked).toEqual(["main"]);
    expect(state()).toEqual({ is: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("is live once what the answer names has come", async () => {
    world.head = "aa-9";
    await world.clock.turn(GAP_MILLIS);
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    expect(state().is).toBe("reconnecting");
    world.stream.sends("flightRemoval", { flight: "G119" }, "aa-9");
    expect(state()).toEqual({ is: "live" });
  });

  test("is replaced when what the answer names does not come", async () => {
    world.head = "aa-9";
    await world.clock.turn(GAP_MILLIS * 2 + FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe(resumed);
  });

  test.each([undefined, "aa-6"])("waits for the heartbeat with the answer %s", async (head) => {
    world.head = head;
    await world.clock.turn(BEAT_MILLIS);
    expect(state().is).toBe("reconnecting");
    expect(world.streams).toHaveLength(1);
    beats();
    expect(state()).toEqual({ is: "live" });
  });

  test("does not believe an answer that came after the next cut", async () => {
    let answer = (_: BoardNow) => {};
    Object.assign(world, { askBoard: () => new Promise((resolve) => (answer = resolve)) });
    await world.clock.turn(GAP_MILLIS);
    world.stream.breaks();
    answer({ fate: "open", head: "aa-7" });
    await world.clock.turn(0);
    expect(state().is).toBe("reconnecting");
  });

  test("believes its own heartbeat more than an answer that was on its way", async () => {
    let answer = (_: BoardNow) => {};
    Object.assign(world, { askBoard: () => new Promise((resolve) => (answer = resolve)) });
    await world.clock.turn(GAP_MILLIS);
    beats("aa-8");
    answer({ fate: "open", head: "aa-7" });
    await world.clock.turn(0);
    expect(state().is).toBe("reconnecting");
  });

  test("and repeats what was seen changes nothing by it", () => {
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "" }, "aa-7");
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-8");
    expect(events.map(({ name }) => name)).toEqual(["timetable", "flightStateUpdate"]);
    expect(world.streams).toHaveLength(1);
  });

  test("with another history, and no timetable of it, begins anew", async () => {
    world.stream.sends("flightStateUpdate", { flight: "I768", state: "landing" }, "99-7");
    expect(events).toHaveLength(1);
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe("/boards/main/events");
  });
});

describe("an end for good, by a 502 or such", () => {
  beforeEach(() => {
    goesLive();
    world.stream.ends();
  });

  test("is mended by a new stream after the last id", async () => {
    expect(state()).toEqual({ is: "reconnecting", since: world.clock.now() });
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.asked).toEqual(["main"]);
    expect(world.stream.url).toBe(resumed);
    world.stream.opens();
    beats();
    expect(state()).toEqual({ is: "live" });
  });

  test("is tried again ever more slowly, up to a bound, and from the start after news", async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const from = world.clock.now();
      const streams = world.streams.length;
      while (world.streams.length === streams) await world.clock.turn(500);
      waits.push(world.clock.now() - from);
      world.stream.ends();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, LAST_BACKOFF_MILLIS, 30_000]);

    await world.clock.turn(LAST_BACKOFF_MILLIS);
    world.stream.opens();
    beats();
    world.stream.ends();
    const streams = world.streams.length;
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(streams + 1);
  });

  test("waits by chance, half as long at the least", async () => {
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    world.chance = 0;
    world.stream.ends();
    await world.clock.turn(FIRST_BACKOFF_MILLIS - 1);
    expect(world.streams).toHaveLength(2);
    await world.clock.turn(1);
    expect(world.streams).toHaveLength(3);
  });

  test("is the end where the board is closed", async () => {
    world.fate = "closed";
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(state()).toEqual({ is: "closed" });
    expect(world.clock.pending).toBe(0);
    connection.wake();
    connection.resume();
    expect(world.streams).toHaveLength(1);
  });

  test("is tried all the same where nobody answers", async () => {
    world.fate = "unknown";
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(2);
  });

  test("waits for a board that is not there, and follows it when it is", async () => {
    world.fate = "absent";
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(state()).toEqual({ is: "absent" });
    expect(world.streams).toHaveLength(1);
    world.fate = "open";
    await world.clock.turn(LAST_BACKOFF_MILLIS);
    expect(state()).toEqual({ is: "connecting" });
    expect(world.streams).toHaveLength(2);
  });
});

describe("silence", () => {
  test("of more than two heartbeats makes it stale, since the last sign, and a new stream", async () => {
    goesLive();
    await world.clock.turn(BEAT_MILLIS);
    beats();
    const since = world.clock.now();
    await world.clock.turn(SILENCE_MILLIS - 1);
    expect(state()).toEqual({ is: "live" });
    const silent = world.stream;
    await world.clock.turn(1);
    expect(state()).toEqual({ is: "stale", since });
    expect(silent.readyState).toBe(2);
    expect(world.stream.url).toBe(resumed);
  });

  test("does not come with heartbeats alone", async () => {
    goesLive();
    for (let beat = 0; beat < 10; beat++) {
      await world.clock.turn(BEAT_MILLIS);
      beats();
    }
    expect(states).toEqual([{ is: "connecting" }, { is: "live" }]);
  });

  test("is over with news, not with an answer that may be held back again", async () => {
    goesLive();
    await world.clock.turn(SILENCE_MILLIS);
    world.stream.opens();
    expect(state().is).toBe("stale");
    beats();
    expect(state()).toEqual({ is: "live" });
  });
});

describe("a heartbeat whose head is another than the last event", () => {
  beforeEach(goesLive);

  test("is a gap when nothing follows: a new stream after the last id", async () => {
    const since = world.clock.now();
    beats("aa-8");
    await world.clock.turn(GAP_MILLIS - 1);
    expect(state()).toEqual({ is: "live" });
    await world.clock.turn(1);
    expect(state()).toEqual({ is: "reconnecting", since });
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(resumed);
  });

  test("is none when the event was on its way", async () => {
    beats("aa-8");
    await world.clock.turn(GAP_MILLIS - 1);
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    await world.clock.turn(GAP_MILLIS);
    expect(state()).toEqual({ is: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test.each(["aa-6", "99-7", "99-3", "what"])("is a gap with the head %s too", async (head) => {
    beats(head);
    await world.clock.turn(GAP_MILLIS);
    expect(state().is).toBe("reconnecting");
  });

  test("leaves a stream alone that is slow, and says that the rows are old", async () => {
    const since = world.clock.now();
    beats("aa-90");
    for (let step = 8; step < 90; step++) {
      // Slower only than it is when a gap is first suspected.
      await world.clock.turn(step === 8 ? GAP_MILLIS / 2 : GAP_MILLIS * 2);
      world.stream.sends("flightStateUpdate", { flight: "I768", gate: `B${step}` }, `aa-${step}`);
      if (step % 4 === 0) beats("aa-90");
    }
    expect(state()).toEqual({ is: "stale", since });
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-90");
    expect(state()).toEqual({ is: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("is a gap when a stream that was slow brings nothing from one heartbeat to the next", async () => {
    beats("aa-90");
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-8");
    for (let beat = 0; beat < 2; beat++) {
      await world.clock.turn(BEAT_MILLIS);
      beats("aa-90");
    }
    await world.clock.turn(GAP_MILLIS + FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-8");
  });

  test("that stays is tried ever more slowly, and from the second time with all rows", async () => {
    const urls: string[] = [];
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      if (world.stream.url.includes("lastEventId")) world.stream.opens();
      else if (attempt > 0) goesLive();
      beats("aa-8");
      await world.clock.turn(GAP_MILLIS);
      const streams = world.streams.length;
      const from = world.clock.now();
      while (world.streams.length === streams) await world.clock.turn(500);
      waits.push(world.clock.now() - from);
      urls.push(world.stream.url);
    }
    const whole = "/boards/main/events";
    expect(urls).toEqual([resumed, whole, resumed, whole]);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });
});

describe("a server that does not know what is newest", () => {
  function beatsBehind(behind = 12, head = "aa-7"): void {
    world.stream.sends("heartbeat", { at: "2026-11-22T14:00:00Z", head, behind });
  }

  test("makes the rows stale, since it last knew, and live again when it knows", async () => {
    goesLive();
    await world.clock.turn(BEAT_MILLIS);
    world.behind = 12;
    const since = world.clock.now() - 12_000;
    beatsBehind(12);
    expect(state()).toEqual({ is: "stale", since });
    await world.clock.turn(BEAT_MILLIS);
    beatsBehind(27);
    expect(state()).toEqual({ is: "stale", since });
    await world.clock.turn(BEAT_MILLIS);
    beats();
    expect(state()).toEqual({ is: "live" });
    expect(world.streams).toHaveLength(1);
  });

  test("is not believed about its head, which may be older than what another showed", async () => {
    goesLive();
    beatsBehind(12, "aa-5");
    await world.clock.turn(GAP_MILLIS);
    expect(state().is).toBe("stale");
    expect(world.streams).toHaveLength(1);
  });

  test("says so before its rows, which are never live then", () => {
    world.stream.opens();
    const since = world.clock.now() - 20_000;
    beatsBehind(20);
    expect(state()).toEqual({ is: "connecting" });
    world.stream.sends("timetable", { board: arrivals, reason: "start", flights: [rome] }, "aa-7");
    expect(state()).toEqual({ is: "stale", since });
    expect(events).toHaveLength(1);
    expect(states.map(({ is }) => is)).not.toContain("live");
  });

  test("is left for one that does, if that is what answers", async () => {
    goesLive();
    world.head = "aa-9";
    beatsBehind();
    await settled();
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(resumed);
    expect(world.streams).toHaveLength(2);
    expect(state().is).toBe("stale");
    world.stream.opens();
    world.stream.sends("flightRemoval", { flight: "I768" }, "aa-9");
    beats("aa-9");
    expect(state()).toEqual({ is: "live" });
  });

  test("is stayed with where nobody knows more", async () => {
    goesLive();
    world.head = "aa-7";
    world.behind = 12;
    beatsBehind();
    await settled();
    await world.clock.turn(LAST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(1);
  });
});

describe("an event that cannot be read", () => {
  test("leaves the rows in doubt: a whole timetable is asked for", async () => {
    goesLive();
    world.stream.sends("flightStateUpdate", "{", "aa-8");
    expect(state().is).toBe("reconnecting");
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe("/boards/main/events");
  });
});

describe("stop", () => {
  test("ends the stream at once and for as long as is wished", async () => {
    goesLive();
    connection.stop();
    expect(world.stream.readyState).toBe(2);
    expect(state()).toEqual({ is: "stopped", since: world.clock.now() });
    expect(world.clock.pending).toBe(0);
    connection.wake();
    await world.clock.turn(SILENCE_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
  });

  test("and resume go on after the last id", () => {
    goesLive();
    connection.stop();
    connection.resume();
    expect(state()).toEqual({ is: "connecting" });
    expect(world.stream.url).toBe(resumed);
  });

  test("forgets no id because an event came without one", () => {
    goesLive();
    connection.stop();
    connection.resume();
    world.stream.sends("flightRemoval", { flight: "I768" });
    connection.stop();
    connection.resume();
    expect(world.stream.url).toBe(resumed);
  });

  test("hears nothing more of a stream that talks on", () => {
    goesLive();
    const old = world.stream;
    connection.stop();
    old.sends("flightRemoval", { flight: "I768" }, "aa-8");
    old.ends();
    expect(events).toHaveLength(1);
    expect(state().is).toBe("stopped");
  });

  test("while a retry is being asked for is not undone by the answer", async () => {
    goesLive();
    world.stream.ends();
    let answer = (_: BoardNow) => {};
    Object.assign(world, { askBoard: () => new Promise((resolve) => (answer = resolve)) });
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    connection.stop();
    answer({ fate: "open" });
    await world.clock.turn(0);
    expect(state().is).toBe("stopped");
    expect(world.streams).toHaveLength(1);
  });
});

describe("closedConnection", () => {
  test("closes for good, with its reason", async () => {
    goesLive();
    world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-8");
    expect(state()).toEqual({ is: "closed", reason: "end of the day" });
    expect(events.at(-1)?.name).toBe("closedConnection");
    expect(world.stream.readyState).toBe(2);
    connection.stop();
    connection.resume();
    connection.suspend();
    connection.wake();
    await world.clock.turn(SILENCE_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
    expect(state().is).toBe("closed");
  });
});

describe("a page that is put away", () => {
  beforeEach(goesLive);

  test("holds no stream, and goes on after the last id when it is back", async () => {
    connection.suspend();
    expect(world.stream.readyState).toBe(2);
    await world.clock.turn(SILENCE_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
    connection.wake();
    expect(world.stream.url).toBe(resumed);
    expect(state().is).toBe("reconnecting");
  });

  test("stays stopped if it was", () => {
    connection.stop();
    connection.suspend();
    connection.wake();
    expect(state().is).toBe("stopped");
    expect(world.streams).toHaveLength(1);
  });
});

describe("a page that is looked at again", () => {
  beforeEach(goesLive);

  test("does not trust a stream that was silent while its timers slept", () => {
    const since = world.clock.now();
    world.clock.sleep(SILENCE_MILLIS + 1);
    connection.wake();
    expect(state()).toEqual({ is: "stale", since });
    expect(world.stream.url).toBe(resumed);
  });

  test("sees within a moment that the computer slept, though nobody says so", async () => {
    const since = world.clock.now();
    world.clock.sleep(3_600_000);
    await world.clock.turn(LOOK_MILLIS);
    expect(state()).toEqual({ is: "stale", since });
    expect(world.stream.url).toBe(resumed);
  });

  test("does not believe a time of day that was set back", async () => {
    world.clock.isSet(-3_600_000);
    await world.clock.turn(SILENCE_MILLIS);
    expect(state().is).toBe("stale");
  });

  test("leaves a stream alone that is not overdue", () => {
    world.clock.sleep(BEAT_MILLIS);
    connection.wake();
    expect(world.streams).toHaveLength(1);
  });

  test("does not wait out a back-off", () => {
    world.stream.ends();
    connection.wake();
    expect(world.stream.url).toBe(resumed);
  });
});

describe("when the network is back", () => {
  beforeEach(goesLive);

  test("a stream from before is replaced, though it seems open", async () => {
    const since = world.clock.now();
    connection.renew();
    expect(state()).toEqual({ is: "reconnecting", since });
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.stream.url).toBe(resumed);
  });

  test("a stream that the browser is about to open again is left to it", async () => {
    world.stream.breaks();
    connection.renew();
    await world.clock.turn(FIRST_BACKOFF_MILLIS);
    expect(world.streams).toHaveLength(1);
  });

  test("a stopped one stays so", () => {
    connection.stop();
    connection.renew();
    expect(state().is).toBe("stopped");
  });
});

test("a connection that nobody listens to any more leaves nothing behind", () => {
  goesLive();
  connection.dispose();
  expect(world.stream.readyState).toBe(2);
  expect(world.clock.pending).toBe(0);
});
