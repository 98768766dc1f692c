// @vitest-environment jsdom
import { act, cleanup, render } from "@testing-library/preact";
import type { Board } from "flightboard-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakePageEnvironment } from "../test-doubles.ts";
import type { FollowedBoard } from "../useFollowedBoard.ts";
import {
  MIN_AGE_MILLIS,
  NIGHT_HOURS,
  QUIET_MILLIS,
  SPREAD_MINUTES,
  useNightlyReload,
} from "./nightly-reload.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIDNIGHT = Date.parse("2026-11-23T00:00:00Z");
/** Every wall has begun by then. */
const LATE = NIGHT_HOURS.from * HOUR + SPREAD_MINUTES * MINUTE;

const board: Board = { name: "hk", title: "Departures", kind: "departures", timeZone: "UTC" };

interface Moment {
  /** Since midnight in UTC. */
  at: number;
  /** The age of the last update. */
  quiet?: number;
  status?: "live" | "stale";
  zone?: string;
}

let world: FakePageEnvironment;

beforeEach(() => {
  world = new FakePageEnvironment();
});

afterEach(cleanup);

function viewOf({ at, quiet = QUIET_MILLIS, status = "live", zone = "UTC" }: Moment) {
  const now = MIDNIGHT + at;
  const timetable = { board: { ...board, timeZone: zone }, source: null, flights: new Map() };
  const followed = { timetable, lastUpdate: now - quiet };
  return { followed, minute: now, now, connection: { status } } as unknown as FollowedBoard;
}

function Wall({ moment }: { moment: Moment }) {
  useNightlyReload(viewOf(moment), world);
  return null;
}

/** Shows walls at these moments one after the other, in a page that was opened `age` ago. */
async function reloadsAt(moments: Moment[][], age = MIN_AGE_MILLIS): Promise<number> {
  const walls = (some: Moment[]) =>
    some.map((moment, index) => <Wall key={index} moment={moment} />);
  cleanup();
  world.reloads = 0;
  const young = moments[0]!.map(() => ({ at: 12 * HOUR }));
  const { rerender } = render(<>{walls(young)}</>);
  await world.clock.advance(age);
  for (const some of moments) await act(async () => rerender(<>{walls(some)}</>));
  return world.reloads;
}

test("a wall reloads in a quiet night", async () => {
  expect(await reloadsAt([[{ at: NIGHT_HOURS.from * HOUR - MINUTE }]])).toBe(0);
  expect(await reloadsAt([[{ at: NIGHT_HOURS.until * HOUR }]])).toBe(0);
  expect(await reloadsAt([[{ at: LATE }]])).toBe(1);
});

test("the night is that of the board", async () => {
  expect(await reloadsAt([[{ at: LATE, zone: "Asia/Hong_Kong" }]])).toBe(0);
  expect(await reloadsAt([[{ at: LATE + 16 * HOUR, zone: "Asia/Hong_Kong" }]])).toBe(1);
});

test("changes put the reload off", async () => {
  const busy = { at: LATE, quiet: QUIET_MILLIS - MINUTE };
  expect(await reloadsAt([[busy]])).toBe(0);
  expect(await reloadsAt([[busy], [{ at: LATE + MINUTE }]])).toBe(1);
});

test("without the server a wall stays", async () => {
  world.build = undefined;
  expect(await reloadsAt([[{ at: LATE }], [{ at: LATE + MINUTE, status: "stale" }]])).toBe(0);
  world.build = "aa";
  expect(await reloadsAt([[{ at: LATE, status: "stale" }]])).toBe(0);
  expect(await reloadsAt([[{ at: LATE }]])).toBe(1);
});

test("a reload is not repeated in one night", async () => {
  expect(await reloadsAt([[{ at: LATE }]], MIN_AGE_MILLIS - MINUTE)).toBe(0);
});

test("two walls wait for each other", async () => {
  const quiet = { at: LATE };
  expect(await reloadsAt([[quiet, { ...quiet, quiet: MINUTE }]])).toBe(0);
  expect(await reloadsAt([[quiet, quiet]])).toBeGreaterThan(0);
});
