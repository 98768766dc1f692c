// Rows by place or by flight number, within each day: a row shows its time, but not its day.

import { type Board, otherAirport } from "flightboard-client";
import type { Cities } from "../cities.ts";
import type { HourRows } from "../rows/hours.ts";
import type { SortedRow } from "../rows/order.ts";
import { wallMillis, zoneOf } from "../time.ts";
import { airlineCode, type SortName } from "./filters.ts";
import { fold } from "./fold.ts";

const HOUR = 3_600_000;
const HOURS_OF_DAY = 24;

interface KeyedRow {
  readonly row: SortedRow;
  /** The first hour of its day since 1970 on the board's clock; infinite for rows without a time. */
  readonly day: number;
  readonly initial: string;
  readonly key: string;
}

/** In groups of equal initials. `rows` are in the order of time, which stays where the keys are equal. */
export function groupByInitial(
  rows: readonly SortedRow[],
  sort: SortName,
  board: Board,
  cities: Cities,
): HourRows[] {
  const groups: { hour: number; initial: string; rows: SortedRow[] }[] = [];
  const keyed = rows.map((row) => keyedRow(row, sort, board, cities)).sort(compareKeys);
  for (const { row, day, initial } of keyed) {
    const last = groups.at(-1);
    if (last?.hour === day && last.initial === initial) last.rows.push(row);
    else groups.push({ hour: day, initial, rows: [row] });
  }
  return groups;
}

function keyedRow(row: SortedRow, sort: SortName, board: Board, cities: Cities): KeyedRow {
  const day = dayOf(row.instant, board);
  const { flight } = row;
  if (sort === "flight") {
    const key = fold(flight.flight).replace(/\d+/g, (digits) => digits.padStart(5, "0"));
    return { row, day, key, initial: airlineCode(flight).toUpperCase() };
  }
  const place = otherAirport(flight, board.kind) ?? "";
  const key = fold(cities.get(place) ?? place);
  return { row, day, key, initial: [...key][0]?.toUpperCase() ?? "–" };
}

function dayOf(instant: number, board: Board): number {
  if (instant === Infinity) return Infinity;
  const hour = wallMillis(instant, zoneOf(board)) / HOUR;
  return Math.floor(hour / HOURS_OF_DAY) * HOURS_OF_DAY;
}

function compareKeys(one: KeyedRow, other: KeyedRow): number {
  if (one.day !== other.day) return one.day < other.day ? -1 : 1;
  return one.key < other.key ? -1 : Number(one.key > other.key);
}
