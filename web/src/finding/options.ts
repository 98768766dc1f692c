// The filters that a board's rows offer: only those that tell rows apart.

import type { Board } from "flightboard-client";
import { type SortedRow } from "../rows/order.ts";
import { DISRUPTED, daysFrom, isDisrupted, stateOf, type TimeFilter } from "./filters.ts";

export interface FilterOptions {
  readonly times: readonly TimeFilter[];
  readonly airlines: readonly string[];
  readonly terminals: readonly string[];
  readonly states: readonly string[];
}

/** A board of so few rows fits a screen. */
export const MIN_FILTERED_ROWS = 13;

export function optionsOf(rows: readonly SortedRow[], board: Board, now: number): FilterOptions {
  const airlines = new Set<string>();
  const terminals = new Set<string>();
  const states = new Set<string>();
  let hasTomorrow = false;
  for (const row of rows) {
    const { flight } = row;
    if (flight.airline) airlines.add(flight.airline);
    if (flight.terminal) terminals.add(flight.terminal);
    if (flight.state) states.add(stateOf(flight));
    if (isDisrupted(flight, board)) states.add(DISRUPTED);
    hasTomorrow ||= daysFrom(now, row, board) === 1;
  }
  return {
    times: hasTomorrow ? ["now", "2h", "today", "tomorrow"] : ["now", "2h"],
    airlines: choices(airlines),
    terminals: choices(terminals),
    states: choices(states),
  };
}

/** One value is no choice. */
function choices(values: ReadonlySet<string>): string[] {
  if (values.size < 2) return [];
  return [...values].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
}
