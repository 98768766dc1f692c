// The rows of an element: those that its search finds, or those from now on.

import type { Board } from "flightboard-client";
import { useMemo, useState } from "preact/hooks";
import type { Cities } from "../cities.ts";
import { SearchIndex } from "../finding/search.ts";
import type { SortedRow } from "../rows/order.ts";
import type { EmbedSettings } from "./settings.ts";

export interface ElementRows {
  readonly query: string;
  readonly isNarrowed: boolean;
  /** All that the search finds. */
  readonly found: readonly SortedRow[];
  /** As many of them as the element shows. */
  readonly shown: readonly SortedRow[];
  search(query: string): void;
}

export function useElementRows(
  board: Board | null,
  rows: readonly SortedRow[],
  now: number,
  cities: Cities,
  { hasSearch, rows: count }: EmbedSettings,
): ElementRows {
  const [typed, search] = useState("");
  const query = hasSearch ? typed : "";
  const isNarrowed = query.trim() !== "";
  const kind = board?.kind ?? "departures";
  const index = useMemo(() => new SearchIndex(kind, cities), [kind, cities]);
  const found = useMemo(() => index.find(rows, query), [index, rows, query]);
  const shown = useMemo(() => {
    if (count === undefined) return found;
    return isNarrowed ? currentFirst(found, now, count) : currentRows(found, now).slice(0, count);
  }, [found, isNarrowed, now, count]);
  return { query, isNarrowed, found, shown, search };
}

const currentRows = (rows: readonly SortedRow[], now: number) =>
  rows.filter(({ overAt }) => overAt > now);

/** Those that are over only where there is room left. The order is that of the board. */
function currentFirst(rows: readonly SortedRow[], now: number, count: number): SortedRow[] {
  const over = rows.filter(({ overAt }) => overAt <= now);
  const kept = new Set([...currentRows(rows, now), ...over].slice(0, count));
  return rows.filter((row) => kept.has(row));
}
