// The order of the rows: scheduled time, then number, date and leg. It is total, so that it does not depend on
// the order in which the rows came.

import { type Board, type Flight, scheduledField } from "flightboard-client";
import { instantOf } from "./time.ts";

export interface SortedRow {
  readonly key: string;
  readonly flight: Flight;
  /** Of the scheduled time; infinite without one, so that the row is among the last. */
  readonly instant: number;
}

/** Sorts a board again and again, of which few rows change each time. */
export class RowOrder {
  #rows: SortedRow[] = [];
  #kind: Board["kind"] | undefined;

  /** The same array as before if nothing has changed. */
  of(flights: ReadonlyMap<string, Flight>, { kind }: Board): readonly SortedRow[] {
    if (kind !== this.#kind) this.#rows = [];
    this.#kind = kind;

    const kept = this.#rows.filter(({ key, flight }) => flights.get(key) === flight);
    if (kept.length === this.#rows.length && kept.length === flights.size) return this.#rows;
    const sorted = new Set(kept.map(({ flight }) => flight));
    const scheduled = scheduledField(kind);
    const changed: SortedRow[] = [];
    for (const [key, flight] of flights) {
      if (sorted.has(flight)) continue;
      changed.push({ key, flight, instant: instantOf(flight, scheduled) ?? Infinity });
    }
    // Two sorted runs: the engine's merge sort compares each row about once.
    this.#rows = [...kept, ...changed.sort(compareRows)].sort(compareRows);
    return this.#rows;
  }
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
