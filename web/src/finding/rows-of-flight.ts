// The rows that a link to a flight means. A reader may have typed it: spaces and letter case do not count.

import type { FlightKey } from "flightboard-client";
import type { SortedRow } from "../rows/order.ts";
import { fold } from "./fold.ts";

/** An empty date or leg is that of a row without. By the flight's own number, or else by one under which other airlines sell it. */
export function rowsOfFlight(
  rows: readonly SortedRow[],
  { flight, date, leg }: FlightKey,
): SortedRow[] {
  const ofDay = rows.filter(
    (row) =>
      (date === undefined || (row.flight.date ?? "") === date) &&
      (leg === undefined || (row.flight.leg ?? "") === leg),
  );
  const exact = ofDay.filter((row) => row.flight.flight === flight);
  if (exact.length > 0) return exact;
  const number = fold(flight);
  const own = ofDay.filter((row) => fold(row.flight.flight) === number);
  if (own.length > 0) return own;
  return ofDay.filter((row) => row.flight.codeshares?.some((other) => fold(other) === number));
}
