// The pages of a wall. The first one has the soonest flights that a traveller can still catch or meet.

import type { Board } from "flightboard-client";
import { isMissed } from "../rows/missed.ts";
import type { SortedRow } from "../rows/order.ts";
import { clockText, zoneOf } from "../time.ts";

/**
 * At most `maxPages` of `size` rows. Rows that are over are on none. Those that are missed but not over begin the
 * second page: somebody may still look for them.
 */
export function pagesOf(
  rows: readonly SortedRow[],
  board: Board,
  now: number,
  size: number,
  maxPages: number,
): readonly (readonly SortedRow[])[] {
  const current = rows.filter(({ overAt }) => overAt > now);
  const first = current.filter((row) => !isMissed(row, board, now)).slice(0, size);
  const onFirst = new Set(first);
  const others = current.filter((row) => !onFirst.has(row));
  const pages = first.length > 0 ? [first] : [];
  for (let start = 0; start < others.length && pages.length < maxPages; start += size) {
    pages.push(others.slice(start, start + size));
  }
  return pages;
}

/** The times of the first and the last row of a page, such as `21:00–21:25`; undefined without times. */
export function pageSpan(page: readonly SortedRow[], board: Board): string | undefined {
  const times = page.map(({ instant }) => instant).filter(Number.isFinite);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const [from, to] = [clockText(first, zoneOf(board)), clockText(last, zoneOf(board))];
  return from === to ? from : `${from}–${to}`;
}
