// The filters of the page. They are kept in its URL, so that they can be shared and survive a reload.

import { useCallback, useEffect, useState } from "preact/hooks";
import { subscribe } from "../route.ts";
import { filtersOf, withFilters, type Filters } from "./filters.ts";

export type ChangeFilters = (change: Partial<Filters>) => void;

export function useFilters(): [Filters, ChangeFilters] {
  const [filters, setFilters] = useState(currentFilters);
  useEffect(() => subscribe(() => setFilters(currentFilters())), []);
  const change = useCallback((some: Partial<Filters>) => {
    const after = { ...currentFilters(), ...some };
    setFilters(after);
    writeFilters(after);
  }, []);
  return [filters, change];
}

function currentFilters(): Filters {
  return filtersOf(window.location.search);
}

/** Replaces the entry of the history: Back leaves the board, and does not undo letters of a search. */
function writeFilters(filters: Filters): void {
  const { state } = window.history;
  try {
    window.history.replaceState(state, "", withFilters(window.location.href, filters));
  } catch {
    // Safari refuses more than 100 changes within 30 seconds; then the URL is behind until the next one.
  }
}
