import { beforeEach, describe, expect, test } from "vitest";
import { createConnection } from "./connection.ts";
import { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { FIRST_BACKOFF_MILLIS } from "./backoff.ts";
import type { BoardEvent } from "./events.ts";
import { FakeBrowser } from "./fake-tabs.ts";
import type { Flight } from "./flight.ts";
import { LEADER_TIMEOUT_MILLIS, shareStream } from "./shared-stream.ts";
import { arrivals, FakeEnvironment, rome } from "./test-doubles.ts";
import { apply, fits, unknownTimetable } from "./timetable.ts";

const START = "/boards/main/events";
const after = (id: string) => `${START}?lastEventId=${id}`;

let browser: FakeBrowser;
/** The network and the clock of all tabs. */
let world: FakeEnvironment;
/** The answer of the server to plain requests. */
let server: { flights: Flight[]; id: string } | undefined;
let asked: number;
/** Holds these answers back. */
let held: Promise<void> | undefined;

beforeEach(() => {
  browser = new FakeBrowser();
  world = new FakeEnvironment();
  server = undefined;
  asked = 0;
  held = undefined;
});

/** A tab that follows the board. */
async function openTab() {
  const tabs = browser.tab();
  let timetable = unknownTimetable;
  const events: string[] = [];
  const serverTimes: (string | undefined)[] = [];
  const environment: FakeEnvironment = Object.assign(Object.create(world) as FakeEnvironment, {
    fetchRows: async () => {
      asked += 1;
      const answered = server;
      await held;
      if (answered === undefined) return null;
      return { data: { board: arrivals, ...answered }, id: answered.id };
    },
    open: (url: string, lastId: string) =>
      shareStream(
        "main",
        url,
        lastId,
        { ...environment, ...plain, clock: world.clock },
        tabs.locks,
        tabs.Channel,
      ),
  });
  const plain = { open: world.open, fetchRows: environment.fetchRows!, random: world.random };
  const connection = createConnection("/boards/main", environment, {
    onEvent: (event: BoardEvent) => {
      if (!fits(timetable, event)) return false;
      timetable = apply(timetable, event);
      events.push(event.name);
      return true;
    },
    onState: () => {},
    onHeartbeat: ({ at }) => serverTimes.push(at),
  });
  connection.open();
  await settle();
  return {
    tabs,
    connection,
    events,
    serverTimes,
    status: () => connection.status().status,
    gates: () => [...timetable.flights.values()].map(({ gate }) => gate),
  };
}

/** Messages between tabs arrive. */
async function settle() {
  for (let turn = 0; turn < 10; turn++) await world.clock.advance(0);
  await new Promise((resolve) => setImmediate(resolve));
}

async function gate(number: number) {
  const flight = { flight: "I768", gate: `B${number}` };
  server = { flights: [{ ...rome, ...flight }], id: `aa-${number}` };
  world.stream.sends("flightStateUpdate", flight, `aa-${number}`);
  await settle();
}

async function beat(head: string, more: object = {}) {
  world.stream.sends("heartbeat", { at: "2026-11-22T14:00:00Z", head, ...more });
  await settle();
}

/** The first tab is live with the row of `aa-7`. */
async function openLeader() {
  const leader = await openTab();
  world.stream.opens();
  server = { flights: [rome], id: "aa-7" };
  world.stream.sends("timetable", { board: arrivals, flights: [rome] }, "aa-7");
  await beat("aa-7");
  return leader;
}

describe("a second tab", () => {
  test("is live without a stream", async () => {
    await openLeader();
    const tab = await openTab();
    expect([world.streams.length, tab.status(), asked]).toEqual([1, "live", 2]);
    await gate(8);
    expect(tab.gates()).toEqual(["B8"]);
  });

  test("follows a board without rows", async () => {
    server = { flights: [], id: "aa-1" };
    await openTab();
    world.stream.opens();
    world.stream.sends("timetable", { board: arrivals, flights: [] }, "aa-1");
    const tab = await openTab();
    expect([tab.status(), world.streams.length]).toEqual(["live", 1]);
    world.stream.sends("flightAddition", rome, "aa-2");
    await settle();
    expect(tab.gates()).toHaveLength(1);
  });

  test("is not given an old time", async () => {
    await openLeader();
    await beat("aa-7");
    await world.clock.advance(4_000);
    const tab = await openTab();
    expect([tab.status(), ...tab.serverTimes]).toEqual(["live", undefined]);
  });

  test("is not live before the first", async () => {
    server = { flights: [rome], id: "aa-7" };
    const leader = await openTab();
    const tab = await openTab();
    world.stream.opens();
    await settle();
    expect([leader.status(), tab.status()]).toEqual(["connecting", "connecting"]);
    await beat("aa-7");
    expect([leader.status(), tab.status()]).toEqual(["live", "live"]);
  });

  test("waits with the leader for a late head", async () => {
    await openLeader();
    await beat("aa-8");
    const tab = await openTab();
    expect(tab.status()).toBe("connecting");
    await gate(8);
    expect(tab.status()).toBe("live");
  });

  test("knows that the server is behind", async () => {
    await openLeader();
    await beat("aa-7", { behind: 20 });
    expect((await openTab()).status()).toBe("stale");
  });

  test("gets all rows if it has others", async () => {
    const leader = await openLeader();
    const tab = await openTab();
    tab.connection.suspend();
    await gate(8);
    tab.connection.wake();
    await settle();
    expect([tab.gates(), tab.status()]).toEqual([["B8"], "live"]);
    expect([leader.status(), world.streams.length]).toEqual(["live", 1]);
  });

  test("keeps changes during its request", async () => {
    await openLeader();
    const tab = await openTab();
    tab.connection.suspend();
    await gate(8);
    let answer = () => {};
    held = new Promise((resolve) => (answer = resolve));
    tab.connection.wake();
    await settle();
    await gate(9);
    expect(tab.gates()).toEqual([undefined]);
    answer();
    await settle();
    expect([tab.gates(), tab.status()]).toEqual([["B9"], "live"]);
  });

  test("refuses rows from before it joined", async () => {
    await openLeader();
    const tab = await openTab();
    tab.connection.suspend();
    await gate(8);
    server = { flights: [rome], id: "aa-7" };
    tab.connection.wake();
    await settle();
    expect(tab.status()).toBe("reconnecting");
    await gate(9);
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    await settle();
    expect([tab.gates(), tab.status()]).toEqual([["B9"], "live"]);
  });

  test("stops alone", async () => {
    const leader = await openLeader();
    const tab = await openTab();
    tab.connection.stop();
    await gate(8);
    expect([leader.status(), tab.status()]).toEqual(["live", "stopped"]);
    expect([leader.gates(), tab.gates()]).toEqual([["B8"], [undefined]]);
  });

  test("learns of a cut and of the return", async () => {
    await openLeader();
    const tab = await openTab();
    world.stream.breaks();
    await settle();
    expect(tab.status()).toBe("reconnecting");
    world.stream.opens();
    await settle();
    expect(tab.status()).toBe("reconnecting");
    await beat("aa-7");
    expect([tab.status(), world.streams.length]).toEqual(["live", 1]);
  });

  test("waits as the leader does after a refusal", async () => {
    const leader = await openLeader();
    const tab = await openTab();
    world.stream.ends();
    await settle();
    expect([leader.status(), tab.status()]).toEqual(["reconnecting", "reconnecting"]);
    await world.clock.advance(FIRST_BACKOFF_MILLIS - 1_000);
    expect(world.streams).toHaveLength(1);
    await world.clock.advance(1_000);
    await settle();
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe(after("aa-7"));
  });
});

describe("the next leader", () => {
  test.each(["stop", "suspend", "dispose"] as const)("continues after %s", async (end) => {
    const leader = await openLeader();
    const tab = await openTab();
    const third = await openTab();
    await gate(8);
    leader.connection[end]();
    await settle();
    expect(world.streams.map(({ readyState }) => readyState)).toEqual([2, 0]);
    expect(world.stream.url).toBe(after("aa-8"));
    world.stream.opens();
    await gate(9);
    await beat("aa-9");
    for (const { status, gates } of [tab, third])
      expect([status(), gates()]).toEqual(["live", ["B9"]]);
  });

  test("continues after a crash", async () => {
    const leader = await openLeader();
    const tab = await openTab();
    leader.tabs.crash();
    await settle();
    expect(world.stream.url).toBe(after("aa-7"));
    world.stream.opens();
    await gate(8);
    expect(tab.gates()).toEqual(["B8"]);
  });

  test("takes the lock of a silent one", async () => {
    const leader = await openLeader();
    leader.tabs.hang();
    const tab = await openTab();
    await world.clock.advance(LEADER_TIMEOUT_MILLIS);
    await settle();
    const [first, second] = world.streams;
    expect(second?.url).toBe(after("aa-7"));
    expect([first?.readyState, tab.status()]).toEqual([2, "connecting"]);
    world.stream.opens();
    await beat("aa-7");
    expect(tab.status()).toBe("live");
  });

  test("does not hurry after a silence", async () => {
    await openLeader();
    await openTab();
    await openTab();
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS);
    await settle();
    expect(world.streams).toHaveLength(1);
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    await settle();
    expect(world.streams).toHaveLength(2);
    expect(world.stream.url).toBe(after("aa-7"));
  });

  test("brings tabs up that are behind it", async () => {
    const leader = await openLeader();
    const tab = await openTab();
    const third = await openTab();
    third.tabs.hang();
    await gate(8);
    leader.tabs.crash();
    await settle();
    expect(tab.gates()).toEqual(["B8"]);
    expect(world.stream.url).toBe(after("aa-8"));
  });
});

describe("without locks", () => {
  test("each tab has a stream", async () => {
    const locks = { request: async () => Promise.reject(new DOMException("no", "SecurityError")) };
    const { Channel } = browser.tab();
    shareStream("main", "/boards/main", "", world, locks, Channel);
    await settle();
    expect(world.stream.url).toBe(START);
  });
});
