// The time at which a board is read.

import { instantOf } from "../time.ts";
import type { SortedRow } from "./order.ts";

/** The rows of a recorded day are this much older than the clock, those of a source that has stopped are not. */
export const RECORDING_AGE_MILLIS = 30 * 24 * 3_600_000;

/**
 * The server's time, except on the board of a recorded day: there it is the newest movement, or the first one
 * before any. `rows` are in their order.
 */
export function boardTime(rows: readonly SortedRow[], serverTime: number): number {
  const last = rows.findLast(({ instant }) => instant !== Infinity);
  if (last === undefined || last.instant > serverTime - RECORDING_AGE_MILLIS) return serverTime;
  const moved = rows.map(({ flight }) => instantOf(flight, "actual") ?? -Infinity);
  const newest = moved.reduce((one, other) => Math.max(one, other), -Infinity);
  return newest === -Infinity ? rows[0]!.instant : newest;
}
