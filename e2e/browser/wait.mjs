// Polling for a condition instead of sleeping.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Far above the time that a loaded machine needs: only a fault takes longer. A page that gives up a connection without an
 * answer returns within 65 seconds.
 */
export const WAIT_TIMEOUT_MILLIS = 120_000;

/** Longer than any `retry:` at the start of a stream. */
export const MAX_RETRY_MILLIS = 6_000;

const POLL_INTERVAL_MILLIS = 50;

/** Polls until `poll` returns a value that is neither false nor undefined. */
export async function waitUntil(condition, poll, withinMillis = WAIT_TIMEOUT_MILLIS) {
  const deadline = Date.now() + withinMillis;
  for (;;) {
    const result = await poll();
    if (result !== false && result !== undefined) return result;
    if (Date.now() > deadline) throw new Error(`${condition}: not within ${withinMillis} ms`);
    await pause(POLL_INTERVAL_MILLIS);
  }
}

/** Polls until the result of `poll` equals `expected`. */
export async function waitUntilEqual(poll, expected, withinMillis = WAIT_TIMEOUT_MILLIS) {
  const deadline = Date.now() + withinMillis;
  for (;;) {
    const result = await poll();
    try {
      assert.deepEqual(result, expected);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(POLL_INTERVAL_MILLIS);
  }
}

/** Polls for a time and asserts that the result of `poll` always equals `expected`. */
export async function assertStaysEqual(poll, expected, forMillis) {
  const end = Date.now() + forMillis;
  while (Date.now() < end) {
    assert.deepEqual(await poll(), expected);
    await pause(POLL_INTERVAL_MILLIS);
  }
}
