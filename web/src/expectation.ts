// Compares the age of a board's last update with the interval that its operator expects.

import type { Board } from "flightboard-client";
import { parseDuration } from "./time.ts";

/** The instant from which the rows are in doubt without another update; undefined if none is expected. */
export function overdueAt(board: Board | null, lastUpdate: number | undefined): number | undefined {
  const interval = parseDuration(board?.expectEvery);
  return interval === undefined || lastUpdate === undefined ? undefined : lastUpdate + interval;
}

export function isOverdue(
  board: Board | null,
  lastUpdate: number | undefined,
  now: number | undefined,
): boolean {
  const from = overdueAt(board, lastUpdate);
  return from !== undefined && now !== undefined && now > from;
}
