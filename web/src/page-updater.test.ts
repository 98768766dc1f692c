import { beforeEach, expect, test } from "vitest";
import {
  MAX_RELOADS,
  PageUpdater,
  QUIET_POLL_MILLIS,
  RELOAD_MEMORY_MILLIS,
  RELOAD_SPREAD_MILLIS,
  RETRY_MILLIS,
} from "./page-updater.ts";
import { FakeClock } from "./test-doubles.ts";

const HEARTBEAT_INTERVAL_MILLIS = 15_000;

let clock: FakeClock;
let stored: string | null;
let offered: string | undefined;
let isQuiet: boolean;
let chance: number;
let reloads: number;
let updater: PageUpdater;

/** What a reload brings: a new script of this build, and the same storage. */
function opens(build: string | undefined): void {
  updater = new PageUpdater({
    clock,
    random: () => chance,
    build,
    fetchBuild: async () => offered,
    isQuiet: () => isQuiet,
    reload: () => void (reloads += 1),
    storage: () => ({ getItem: () => stored, setItem: (_, text) => void (stored = text) }),
  });
}

/** Heartbeats for this time, each with the next of these builds. */
async function beats(millis: number, ...builds: string[]): Promise<void> {
  for (let beat = 0; beat * HEARTBEAT_INTERVAL_MILLIS < millis; beat++) {
    updater.hear(builds[beat % builds.length]!);
    await clock.advance(HEARTBEAT_INTERVAL_MILLIS);
  }
}

beforeEach(() => {
  clock = new FakeClock();
  stored = null;
  offered = "b";
  isQuiet = true;
  chance = 0.5;
  reloads = 0;
  opens("a");
});

test("another build reloads the page once", async () => {
  await beats(RELOAD_SPREAD_MILLIS, "b");
  expect(reloads).toBe(1);
  opens("b");
  await beats(RELOAD_MEMORY_MILLIS / 10, "b");
  expect(reloads).toBe(1);
});

test("the same build never reloads", async () => {
  await beats(RELOAD_SPREAD_MILLIS * 5, "a");
  opens(undefined);
  await beats(RELOAD_SPREAD_MILLIS * 5, "b");
  expect(reloads).toBe(0);
});

test("reloads are spread over a minute", async () => {
  chance = 0.9;
  await beats(RELOAD_SPREAD_MILLIS * 0.75, "b");
  expect(reloads).toBe(0);
  await beats(RELOAD_SPREAD_MILLIS * 0.25, "b");
  expect(reloads).toBe(1);
});

test("a reload waits for quiet", async () => {
  isQuiet = false;
  await beats(RELOAD_SPREAD_MILLIS * 5, "b");
  expect(reloads).toBe(0);
  updater.hear("b");
  isQuiet = true;
  await clock.advance(QUIET_POLL_MILLIS);
  expect(reloads).toBe(1);
});

test("a reload waits for the server", async () => {
  chance = 0.9;
  updater.hear("b");
  await clock.advance(RELOAD_MEMORY_MILLIS);
  expect(reloads, "no heartbeats").toBe(0);
  offered = undefined;
  await beats(RETRY_MILLIS / 2, "b");
  expect(reloads, "no page").toBe(0);
  offered = "b";
  await beats(RETRY_MILLIS, "b");
  expect(reloads).toBe(1);
});

test("a returned old build needs no reload", async () => {
  updater.hear("b");
  updater.hear("a");
  await clock.advance(RELOAD_SPREAD_MILLIS);
  expect(reloads).toBe(0);
});

test("a cached old page reloads once", async () => {
  offered = "a";
  await beats(RELOAD_SPREAD_MILLIS, "b");
  expect(reloads).toBe(1);
  opens("a");
  await beats(RELOAD_MEMORY_MILLIS / 2, "b");
  expect(reloads).toBe(1);
  offered = "b";
  await beats(RETRY_MILLIS, "b");
  expect(reloads, "the cache has the new page").toBe(2);
});

test("two builds at one address end in peace", async () => {
  for (let page = 0; page < 20; page++) {
    const before = reloads;
    offered = page % 2 === 0 ? "b" : "a";
    await beats(RETRY_MILLIS * 3, "a", "b");
    if (reloads > before) opens(page % 2 === 0 ? "a" : "b");
  }
  expect(reloads).toBeLessThanOrEqual(MAX_RELOADS);
});

test("ever new builds reload rarely", async () => {
  for (let build = 0; build < 20; build++) {
    offered = `b${build}`;
    await beats(RELOAD_SPREAD_MILLIS * 2, `b${build}`);
    opens("a");
  }
  expect(reloads).toBe(MAX_RELOADS);
});

test("denied storage prevents reloads", async () => {
  updater = new PageUpdater({
    clock,
    random: () => 0,
    build: "a",
    fetchBuild: async () => "b",
    isQuiet: () => true,
    reload: () => void (reloads += 1),
    storage: () => {
      throw new DOMException("denied", "SecurityError");
    },
  });
  await beats(RELOAD_SPREAD_MILLIS * 5, "b");
  expect(reloads).toBe(0);
});
