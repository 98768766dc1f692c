// The order of the rows: scheduled time, then number, then date. It is total, so that it does not depend on
// the order in which the rows came.

import { scheduledField, type Board, type Flight } from "./flight.ts";
import { instantOf } from "./time.ts";

interface SortedRow {
  flight: Flight;
  /** Undefined without a scheduled time: these rows are last. */
  instant: number | undefined;
}

export function inOrder(flights: ReadonlyMap<string, Flight>, board: Board): Flight[] {
  const scheduled = scheduledField(board.kind);
  const rows = [...flights.values()].map((flight) => ({
    flight,
    instant: instantOf(flight, scheduled),
  }));
  return rows.sort(compare).map(({ flight }) => flight);
}

function compare(one: SortedRow, other: SortedRow): number {
  return (
    compareValues(one.instant ?? Infinity, other.instant ?? Infinity) ||
    compareValues(one.flight.flight, other.flight.flight) ||
    compareValues(one.flight.date ?? "", other.flight.date ?? "")
  );
}

function compareValues<Value extends number | string>(one: Value, other: Value): number {
  return one < other ? -1 : Number(one > other);
}
