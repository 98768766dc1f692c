// The search of a reader on a board, and the rows that are like it.

import type { Board } from "flightboard-client";
import { useCallback, useMemo } from "preact/hooks";
import type { Cities } from "../cities.ts";
import type { SortedRow } from "../rows/order.ts";
import { findRows, isNarrowed, noFilters, type Filters } from "./filters.ts";
import { MIN_FILTERED_ROWS, optionsOf, type FilterOptions } from "./options.ts";
import { SearchIndex } from "./search.ts";
import { useFilters, type ChangeFilters } from "./useFilters.ts";

export interface Finding {
  readonly filters: Filters;
  readonly change: ChangeFilters;
  /** Shows all rows again. */
  clear(): void;
  readonly found: readonly SortedRow[];
  readonly isNarrowed: boolean;
  /** Undefined on a board of so few rows that all are in sight, unless a link has filtered it. */
  readonly options: FilterOptions | undefined;
}

export function useFinding(
  board: Board | null,
  rows: readonly SortedRow[],
  now: number,
  cities: Cities,
): Finding {
  const [filters, change] = useFilters();
  const kind = board?.kind ?? "departures";
  const index = useMemo(() => new SearchIndex(kind, cities), [kind, cities]);
  const found = useMemo(
    () => (board === null ? rows : findRows(rows, filters, { board, now, index })),
    [board, rows, filters, now, index],
  );
  const hasOptions = rows.length >= MIN_FILTERED_ROWS || isNarrowed({ ...filters, q: "" });
  const options = useMemo(
    () => (board !== null && hasOptions ? optionsOf(rows, board, now) : undefined),
    [board, rows, now, hasOptions],
  );
  const clear = useCallback(() => {
    change({ ...noFilters, sort: filters.sort });
    document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
  }, [change, filters.sort]);
  return { filters, change, clear, found, isNarrowed: isNarrowed(filters), options };
}
