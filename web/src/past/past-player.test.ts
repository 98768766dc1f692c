// @vitest-environment jsdom

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { arrivals, FakePageEnvironment, flushPromises } from "../test-doubles.ts";
import { noRows } from "./shown-past.ts";
import { PastPlayer } from "./past-player.ts";

const MINUTE = 60_000;
const NOW = Date.parse("2026-11-22T14:00:00Z");
const MORNING = Date.parse("2026-11-22T08:00:00Z");
const OLDEST = Date.parse("2026-11-20T05:10:00Z");

let world: FakePageEnvironment;
/** The requests that wait for an answer. */
let requests: { url: string; answer(response: Response): Promise<void> }[];

beforeEach(() => {
  world = new FakePageEnvironment();
  requests = [];
  window.history.replaceState(null, "", "/boards/main");
  vi.stubGlobal("fetch", (url: string) => {
    return new Promise<Response>((resolve) => {
      const answer = async (response: Response) => {
        resolve(response);
        await settle();
      };
      requests.push({ url, answer });
    });
  });
});
afterEach(() => vi.unstubAllGlobals());

/** A body comes some turns later. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

const rowsWith = (state: string) =>
  Response.json({ board: arrivals, id: "aa-1", flights: [{ flight: "BA 1", state }] });
const tooOld = () => Response.json({ oldest: new Date(OLDEST).toISOString() }, { status: 410 });

function open(search = ""): PastPlayer {
  window.history.replaceState(null, "", `/boards/main${search}`);
  const followed = { ...noRows, connection: { status: "connecting" } } as const;
  const live = { followed: () => followed, now: () => NOW };
  const player = new PastPlayer("/boards/main", world, live);
  player.open();
  return player;
}

const asked = () => requests.map(({ url }) => url);
const request = (time: string) => requests.find(({ url }) => url.endsWith(`at=${time}`))!;
const shown = (player: PastPlayer) => player.state().shown!;
const stateOf = (player: PastPlayer) =>
  [...shown(player).followed.timetable.flights.values()].map(({ state }) => state).join();

test("the server names the oldest time", async () => {
  const player = open();
  expect(asked()).toEqual(["/boards/main/flights?at=1970-01-01T00:00:00Z"]);
  await requests[0]!.answer(tooOld());
  expect(player.state()).toMatchObject({ oldest: OLDEST, speed: 1, shown: undefined });
});

test("the oldest time is asked for again", async () => {
  const player = open();
  await requests[0]!.answer(new Response(null, { status: 502 }));
  expect(player.state().fault).toEqual({ kind: "lost" });
  await world.clock.advance(10_000);
  await requests[1]!.answer(tooOld());
  expect(player.state()).toMatchObject({ oldest: OLDEST, fault: undefined });
});

test("the last of many choices wins", async () => {
  const player = open();
  for (let minute = 0; minute <= 30; minute++) player.seek(MORNING + minute * MINUTE);
  expect(asked().slice(1)).toEqual(["/boards/main/flights?at=2026-11-22T08:00:00Z"]);
  await request("2026-11-22T08:00:00Z").answer(rowsWith("expected"));
  expect(shown(player).rowsAt).toBe(MORNING);
  expect(shown(player).at).toBe(MORNING + 30 * MINUTE);
  expect(window.location.search, "of another time than the chosen one").toBe("");
  expect(asked().slice(2)).toEqual(["/boards/main/flights?at=2026-11-22T08:30:00Z"]);
  await request("2026-11-22T08:30:00Z").answer(rowsWith("landed"));
  expect(stateOf(player)).toBe("landed");
  expect(window.location.search).toBe("?at=2026-11-22T08%3A30%3A00Z");
});

test("rows of the past are never live", async () => {
  const player = open("?at=2026-11-22T08:00:00Z");
  expect(shown(player).followed.connection.status).toBe("connecting");
  await request("2026-11-22T08:00:00Z").answer(rowsWith("expected"));
  expect(shown(player).followed.connection).toEqual({ status: "stopped", since: MORNING });
  player.play();
  await playing({ state: "expected" });
  expect(shown(player).followed.connection.status).toBe("stopped");
});

test("a time before the oldest one", async () => {
  const player = open("?at=2026-11-19T08:00:00Z");
  await request("2026-11-19T08:00:00Z").answer(tooOld());
  expect(shown(player).fault).toEqual({ kind: "tooOld", oldest: OLDEST });
  expect(shown(player).rowsAt).toBeUndefined();
  player.play();
  expect(world.ownStreams[0]!.url).toBe(
    "/boards/main/events?from=2026-11-20T05%3A10%3A00Z&speed=1",
  );
  player.end();
  expect(player.state().shown).toBeUndefined();
  expect(window.location.search).toBe("");
});

test.each([
  [503, "busy"],
  [502, "lost"],
])("the answer %i is asked for again", async (status, kind) => {
  const player = open("?at=2026-11-22T08:00:00Z");
  await request("2026-11-22T08:00:00Z").answer(new Response(null, { status }));
  expect(shown(player).fault).toEqual({ kind });
  requests = [];
  await world.clock.advance(10_000);
  await request("2026-11-22T08:00:00Z").answer(rowsWith("expected"));
  expect(shown(player).fault).toBeUndefined();
  expect(stateOf(player)).toBe("expected");
});

test.each([
  [401, "denied"],
  [404, "denied"],
  [400, "refused"],
])("the answer %i is final", async (status, kind) => {
  const player = open("?at=2026-11-22T08:00:00Z");
  await request("2026-11-22T08:00:00Z").answer(new Response(null, { status }));
  expect(shown(player).fault).toEqual({ kind });
  requests = [];
  await world.clock.advance(100_000);
  expect(asked()).toEqual([]);
});

/** The stream opens and has a row. */
async function playing(row: { state: string }, id = "aa-1-1"): Promise<void> {
  const stream = world.ownStreams.at(-1)!;
  stream.opens();
  const flights = [{ flight: "BA 1", ...row }];
  stream.sends("timetable", { board: arrivals, reason: "start", flights }, id);
  await flushPromises();
}

test("a link plays at its speed", async () => {
  const player = open("?at=2026-11-22T08:00:00Z&speed=60");
  const stream = world.ownStreams[0]!;
  expect(stream.url).toBe("/boards/main/events?from=2026-11-22T08%3A00%3A00Z&speed=60");
  expect(shown(player).rowsAt).toBeUndefined();
  await world.clock.advance(3_000);
  expect(shown(player).at, "nothing is played before the stream is open").toBe(MORNING);
  await playing({ state: "expected" });
  await world.clock.advance(2_000);
  expect(shown(player).at).toBe(MORNING + 2 * MINUTE);
  stream.sends("flightStateUpdate", { flight: "BA 1", state: "landed" }, "aa-2-2");
  await world.clock.advance(1_000);
  expect(stateOf(player)).toBe("landed");
  stream.sends("heartbeat", { at: "2026-11-22T08:02:30Z", speed: 60, head: "aa-2-2" });
  await world.clock.advance(500);
  expect(shown(player).at).toBe(MORNING + 3 * MINUTE);
  player.pause();
  expect(shown(player)).toMatchObject({ at: MORNING + 3 * MINUTE, isPlaying: false });
  expect(stream.readyState, "closed").toBe(2);
});

test("a cut stream stops the time", async () => {
  const player = open("?at=2026-11-22T08:00:00Z&speed=10");
  await playing({ state: "expected" });
  await world.clock.advance(6_000);
  expect(shown(player).at).toBe(MORNING + MINUTE);
  world.ownStreams[0]!.breaks();
  await world.clock.advance(20_000);
  expect(shown(player).at).toBe(MORNING + MINUTE);
  const { connection } = shown(player).followed;
  expect(connection).toEqual({ status: "reconnecting", since: MORNING + MINUTE });
});

test("a silent stream soon stops the time", async () => {
  const player = open("?at=2026-11-22T08:00:00Z&speed=60");
  await playing({ state: "expected" });
  await world.clock.advance(34_000);
  expect(shown(player).at).toBe(MORNING + 20 * MINUTE);
  expect(shown(player).followed.connection.status).toBe("stopped");
  await world.clock.advance(2_000);
  expect(shown(player).followed.connection.status).toBe("stale");
});

test("a playback ends at the present", async () => {
  const player = open("?at=2026-11-22T13:59:00Z&speed=60");
  await playing({ state: "expected" });
  world.ownStreams[0]!.sends("live", { at: "2026-11-22T14:00:00Z" }, "aa-2");
  expect(player.state().shown).toBeUndefined();
  expect(window.location.search).toBe("");
  expect(world.ownStreams[0]!.readyState, "closed").toBe(2);
});

test("rows of the past are not kept", async () => {
  const kept: unknown[] = [];
  world.keptRows = {
    read: async () => undefined,
    keep: async (_, rows) => void kept.push(rows),
    forget: async () => undefined,
  };
  const player = open("?at=2026-11-22T08:00:00Z&speed=60");
  await playing({ state: "expected" });
  const at = "2026-11-22T08:00:01Z";
  world.ownStreams[0]!.sends("heartbeat", { at, speed: 60, head: "aa-1-1" });
  player.end();
  await flushPromises();
  expect(kept).toEqual([]);
});

test("too many playbacks", async () => {
  const player = open("?at=2026-11-22T08:00:00Z&speed=60");
  const stream = world.ownStreams[0]!;
  stream.opens();
  stream.breaks();
  expect(shown(player)).toMatchObject({ isPlaying: true, fault: { kind: "busy" } });
  await world.clock.advance(120_000);
  expect(world.ownStreams).toEqual([stream]);
  stream.breaks();
  expect(shown(player).fault).toEqual({ kind: "lost" });
  await playing({ state: "expected" });
  expect(shown(player).fault).toBeUndefined();
});

test("a server that does not know playbacks", async () => {
  const player = open("?at=2026-11-22T08:00:00Z&speed=60");
  await playing({ state: "landed" }, "aa-1");
  expect(shown(player)).toMatchObject({ isPlaying: false, fault: { kind: "refused" } });
  expect(stateOf(player)).toBe("");
});

test("Back and Forward of the browser", async () => {
  const player = open("?at=2026-11-22T08:00:00Z");
  window.history.replaceState(null, "", "/boards/main?at=2026-11-22T09:00:00Z");
  window.dispatchEvent(new PopStateEvent("popstate"));
  expect(shown(player).at).toBe(MORNING + 60 * MINUTE);
  window.history.replaceState(null, "", "/boards/main");
  window.dispatchEvent(new PopStateEvent("popstate"));
  expect(player.state().shown).toBeUndefined();
});
