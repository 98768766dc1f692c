// The order of the rows: the time at which the flight is expected to move, then number, date and leg. It is total, so
// that it does not depend on the order in which the rows came.

import type { Board, Flight } from "flightboard-client";
import { overAt } from "./over.ts";
import { timesOf } from "./times.ts";

export interface SortedRow {
  readonly key: string;
  readonly flight: Flight;
  /** Of the expected movement; infinite without one, so that the row is among the last. */
  readonly instant: number;
  /** From when the row is over. */
  readonly overAt: number;
}

/** Sorts a board again and again, of which few rows change each time. */
export class RowOrder {
  #rows: SortedRow[] = [];
  #board: Board | undefined;

  /** The same array as before if nothing has changed. */
  of(flights: ReadonlyMap<string, Flight>, board: Board): readonly SortedRow[] {
    if (board !== this.#board) this.#rows = [];
    this.#board = board;

    const kept = this.#rows.filter(({ key, flight }) => flights.get(key) === flight);
    if (kept.length === this.#rows.length && kept.length === flights.size) return this.#rows;
    const sorted = new Set(kept.map(({ flight }) => flight));
    const changed: SortedRow[] = [];
    for (const [key, flight] of flights) {
      if (!sorted.has(flight)) changed.push(sortedRow(key, flight, board));
    }
    // Two sorted runs: the engine's merge sort compares each row about once.
    this.#rows = [...kept, ...changed.sort(compareRows)].sort(compareRows);
    return this.#rows;
  }
}

export interface SplitRows {
  readonly earlier: readonly SortedRow[];
  readonly current: readonly SortedRow[];
}

/** A board of so few rows fits a screen, and shows all of them. */
export const MIN_SPLIT_ROWS = 13;

/** Parts the rows over or `isPast` from the others, if that leaves any. */
export function splitRows(
  rows: readonly SortedRow[],
  now: number,
  isPast: (row: SortedRow) => boolean = () => false,
): SplitRows {
  const earlier = rows.filter((row) => row.overAt <= now || isPast(row));
  if (rows.length < MIN_SPLIT_ROWS || earlier.length === rows.length) {
    return { earlier: [], current: rows };
  }
  const past = new Set(earlier);
  return { earlier, current: rows.filter((row) => !past.has(row)) };
}

function sortedRow(key: string, flight: Flight, board: Board): SortedRow {
  const { expected } = timesOf(flight, board);
  return { key, flight, instant: expected ?? Infinity, overAt: overAt(flight, board) };
}

function compareRows(one: SortedRow, other: SortedRow): number {
  return (
    compare(one.instant, other.instant) ||
    compare(one.flight.flight, other.flight.flight) ||
    compare(one.flight.date ?? "", other.flight.date ?? "") ||
    compare(one.flight.leg ?? "", other.flight.leg ?? "")
  );
}

function compare<Value extends number | string>(one: Value, other: Value): number {
  return one < other ? -1 : Number(one > other);
}
