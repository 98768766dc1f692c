import { beforeEach, expect, test } from "vitest";
import {
  CRASH_MEMORY_MILLIS,
  FIRST_RELOAD_MILLIS,
  MAX_RELOAD_MILLIS,
  reloadAfterCrash,
} from "./crash-reload.ts";
import { FakeClock } from "./test-doubles.ts";

let clock: FakeClock;
let stored: string | null;
let isReachable: boolean;
let reloads: number;

beforeEach(() => {
  clock = new FakeClock();
  stored = null;
  isReachable = true;
  reloads = 0;
});

function crash(storage = () => ({ getItem: () => stored, setItem })) {
  reloadAfterCrash({
    clock,
    isServerReachable: async () => isReachable,
    reload: () => void (reloads += 1),
    storage,
  });
}

function setItem(_: string, text: string): void {
  stored = text;
}

/** Milliseconds from a crash to its reload. */
async function wait(): Promise<number> {
  const [before, start] = [reloads, clock.now()];
  crash();
  while (reloads === before) await clock.advance(FIRST_RELOAD_MILLIS);
  return clock.now() - start;
}

test("the first crash reloads after five seconds", async () => {
  crash();
  await clock.advance(FIRST_RELOAD_MILLIS - 1);
  expect(reloads).toBe(0);
  await clock.advance(1);
  expect(reloads).toBe(1);
});

test("repeated crashes reload less and less often", async () => {
  const waits = [];
  for (let crashes = 0; crashes < 10; crashes++) waits.push(await wait());
  expect(waits.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000]);
  expect(waits.at(-1)).toBe(MAX_RELOAD_MILLIS);
});

test("old crashes are forgotten", async () => {
  await wait();
  await wait();
  await clock.advance(CRASH_MEMORY_MILLIS);
  expect(await wait()).toBe(FIRST_RELOAD_MILLIS);
});

test("there is no reload without a server", async () => {
  isReachable = false;
  crash();
  await clock.advance(10 * FIRST_RELOAD_MILLIS);
  expect(reloads).toBe(0);
  isReachable = true;
  await clock.advance(FIRST_RELOAD_MILLIS);
  expect(reloads).toBe(1);
});

test("uncounted crashes have the longest wait", async () => {
  crash(() => {
    throw new DOMException("denied", "SecurityError");
  });
  await clock.advance(MAX_RELOAD_MILLIS - 1);
  expect(reloads).toBe(0);
  await clock.advance(1);
  expect(reloads).toBe(1);
});
