// Rows in groups of an hour of the board's clock, and the names of these hours.

import type { Language } from "../language/language.ts";
import { wallMillis } from "../time.ts";
import type { SortedRow } from "./order.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface HourRows {
  /** The hour since 1970 on the board's clock; infinite for rows without a time. */
  readonly hour: number;
  /** On a board that is not in the order of time: the beginning of its rows' names, for all hours of the day. */
  readonly initial?: string;
  /** Below the flights of now, of which some may be in the same hour. */
  readonly isEarlier?: boolean;
  readonly rows: readonly SortedRow[];
}

/** `rows` are in the order of their instants. */
export function groupByHour(rows: readonly SortedRow[], timeZone: string): HourRows[] {
  const groups: { hour: number; rows: SortedRow[] }[] = [];
  for (const row of rows) {
    const hour = hourOf(row.instant, timeZone);
    const last = groups.at(-1);
    if (last?.hour === hour) last.rows.push(row);
    else groups.push({ hour, rows: [row] });
  }
  return groups;
}

/** `Today · 20:00`, `Tomorrow, Fri 16 Jan · 06:00`. */
export function hourTitle(
  { hour, initial }: Pick<HourRows, "hour" | "initial">,
  now: number,
  timeZone: string,
  language: Language,
): string {
  if (hour === Infinity) return language.noTime;
  const start = hour * HOUR;
  const days = Math.floor(start / DAY) - Math.floor(wallMillis(now, timeZone) / DAY);
  const day = language.day(days, language.shortDate(start));
  return language.dayAndHour(day, initial ?? new Date(start).toISOString().slice(11, 16));
}

function hourOf(instant: number, timeZone: string): number {
  return instant === Infinity ? Infinity : Math.floor(wallMillis(instant, timeZone) / HOUR);
}
