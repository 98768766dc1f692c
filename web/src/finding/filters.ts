// The search of a reader on a board, as the page's URL has it.

import { type Board, type Flight } from "flightboard-client";
import { lateness } from "../rows/times.ts";
import type { SortedRow } from "../rows/order.ts";
import { knownState } from "../states.ts";
import { wallMillis, zoneOf } from "../time.ts";
import { fold } from "./fold.ts";
import type { SearchIndex } from "./search.ts";

/** Empty texts are no limits; rows are in the order of time unless `sort` names another. */
export interface Filters {
  readonly q: string;
  readonly time: TimeFilter | "";
  readonly airline: string;
  readonly terminal: string;
  readonly state: string;
  readonly sort: SortName | "";
}

export const TIME_FILTERS = ["now", "2h", "today", "tomorrow"] as const;
export type TimeFilter = (typeof TIME_FILTERS)[number];

export const SORTS = ["place", "flight"] as const;
export type SortName = (typeof SORTS)[number];

export const MAX_QUERY_LENGTH = 100;

export const noFilters: Filters = {
  q: "",
  time: "",
  airline: "",
  terminal: "",
  state: "",
  sort: "",
};

/** The state of flights that are late, cancelled or diverted. */
export const DISRUPTED = "disrupted";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** From now on, for a flight of now. */
const NOW_MILLIS = 30 * MINUTE;
const SOON_MILLIS = 120 * MINUTE;

export function filtersOf(search: string): Filters {
  const parameters = new URLSearchParams(search);
  const text = (name: string) => (parameters.get(name) ?? "").slice(0, MAX_QUERY_LENGTH);
  return {
    q: text("q"),
    time: TIME_FILTERS.find((time) => time === text("time")) ?? "",
    airline: text("airline"),
    terminal: text("terminal"),
    state: text("state"),
    sort: SORTS.find((sort) => sort === text("sort")) ?? "",
  };
}

/** The URL with these filters in its query, beside what else is there. */
export function withFilters(url: string, filters: Filters): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(filters)) {
    if (value === "") changed.searchParams.delete(name);
    else changed.searchParams.set(name, value);
  }
  return changed.href;
}

/** Whether some rows may be left out. */
export function isNarrowed({ q, time, airline, terminal, state }: Filters): boolean {
  return [q, time, airline, terminal, state].some((value) => value !== "");
}

export interface FilterContext {
  readonly board: Board;
  /** The board's time. */
  readonly now: number;
  readonly index: SearchIndex;
}

/** The same array if no filter is set. */
export function findRows(
  rows: readonly SortedRow[],
  filters: Filters,
  { board, now, index }: FilterContext,
): readonly SortedRow[] {
  const { time, airline, terminal, state } = filters;
  let found = index.find(rows, filters.q);
  if (time) found = found.filter((row) => isAtTime(row, time, board, now));
  if (airline) found = found.filter(({ flight }) => isOfAirline(flight, airline));
  if (terminal) {
    const folded = fold(terminal);
    found = found.filter((row) => fold(row.flight.terminal ?? "") === folded);
  }
  if (state) found = found.filter(({ flight }) => isInState(flight, state, board));
  return found;
}

/** The state as a filter has it: two spellings of a known state are one. */
export function stateOf({ state = "" }: Flight): string {
  return knownState(state) ?? state.toLowerCase();
}

export function isDisrupted(flight: Flight, board: Board): boolean {
  const state = stateOf(flight);
  return ["cancelled", "diverted", "delayed"].includes(state) || (lateness(flight, board) ?? 0) > 0;
}

/** Days from the board's today; infinite without a time. */
export function daysFrom(now: number, { instant }: SortedRow, board: Board): number {
  return dayOf(instant, board) - dayOf(now, board);
}

function dayOf(instant: number, board: Board): number {
  return instant === Infinity ? Infinity : Math.floor(wallMillis(instant, zoneOf(board)) / DAY);
}

function isAtTime(row: SortedRow, time: TimeFilter, board: Board, now: number): boolean {
  switch (time) {
    case "now":
      return row.overAt > now && row.instant <= now + NOW_MILLIS;
    case "2h":
      return row.overAt > now && row.instant <= now + SOON_MILLIS;
    case "today":
      return daysFrom(now, row, board) === 0;
    case "tomorrow":
      return daysFrom(now, row, board) === 1;
  }
}

/** By name or by the code in the flight's number. */
function isOfAirline(flight: Flight, airline: string): boolean {
  const folded = fold(airline);
  return fold(flight.airline ?? "") === folded || airlineCode(flight) === folded;
}

/** The first two letters or digits of the number, as IATA's designators are. */
export function airlineCode({ flight }: Flight): string {
  return fold(flight).slice(0, 2);
}

function isInState(flight: Flight, state: string, board: Board): boolean {
  return state === DISRUPTED ? isDisrupted(flight, board) : stateOf(flight) === state.toLowerCase();
}
