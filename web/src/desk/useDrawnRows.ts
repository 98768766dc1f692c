// Draws a long list in parts, so that a key press in the search does not wait for rows far below.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { SortedRow } from "../rows/order.ts";

/** More than fit on a screen. */
const FIRST_ROWS = 24;
/** In each later task, short enough for the next key. */
const MORE_ROWS = 20;

/** The first of `rows` at once, and the others soon after. It begins again with another query. */
export function useDrawnRows(rows: readonly SortedRow[], query: string): readonly SortedRow[] {
  const [drawn, setDrawn] = useState({ query, count: FIRST_ROWS });
  const count = drawn.query === query ? drawn.count : FIRST_ROWS;
  useEffect(() => {
    if (count >= rows.length) return;
    const timer = setTimeout(() => setDrawn({ query, count: count + MORE_ROWS }));
    return () => clearTimeout(timer);
  }, [query, count, rows.length]);
  return useMemo(() => (count < rows.length ? rows.slice(0, count) : rows), [rows, count]);
}
