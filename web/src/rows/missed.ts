// Departures for which it is too late, although they are not over.

import type { Board } from "flightboard-client";
import { knownState } from "../states.ts";
import type { SortedRow } from "./order.ts";
import { timesOf } from "./times.ts";

/** A departure for which it is too late. One that is cancelled is news until its time has passed. */
export function isMissed({ flight }: SortedRow, board: Board, now: number): boolean {
  if (board.kind !== "departures") return false;
  switch (knownState(flight.state)) {
    case "gate closed":
    case "departed":
      return true;
    case "cancelled":
      return (timesOf(flight, board).scheduled ?? Infinity) < now;
    default:
      return flight.actual !== undefined;
  }
}

/** The keys of the rows that are missed when a reader opens a board. */
export function missedKeys(rows: readonly SortedRow[], board: Board, now: number): Set<string> {
  return new Set(rows.filter((row) => isMissed(row, board, now)).map(({ key }) => key));
}
