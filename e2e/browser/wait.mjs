// Waiting for a condition, never for a time.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Far above what a loaded machine needs: only what is broken takes so long. */
export const PATIENCE_MILLIS = 60_000;

/** Longer than any `retry:` that a stream is opened with. */
export const LONGEST_RETRY_MILLIS = 6_000;

const LOOK_AGAIN_MILLIS = 50;

/** Looks again and again until `look` finds something that is neither false nor undefined. */
export async function until(what, look, withinMillis = PATIENCE_MILLIS) {
  const deadline = Date.now() + withinMillis;
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMillis} ms`);
    await pause(LOOK_AGAIN_MILLIS);
  }
}

/** Looks again and again until what `look` finds is equal to `expected`. */
export async function untilEqual(look, expected, withinMillis = PATIENCE_MILLIS) {
  const deadline = Date.now() + withinMillis;
  for (;;) {
    const found = await look();
    try {
      assert.deepEqual(found, expected);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(LOOK_AGAIN_MILLIS);
  }
}

/** What `look` finds is equal to `expected`, and stays so. */
export async function staysEqual(look, expected, forMillis) {
  const end = Date.now() + forMillis;
  while (Date.now() < end) {
    assert.deepEqual(await look(), expected);
    await pause(LOOK_AGAIN_MILLIS);
  }
}
