// Which rows are drawn: all rows of a board of ordinary size, and of a large one those near the screen. The
// rows stay in the flow of the document, between two spacers, so that the browser itself keeps the place
// when rows above change.

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import type { RefObject } from "preact";
import { useCallback, useLayoutEffect, useState } from "preact/hooks";
import type { SortedRow } from "./order.ts";
import { usePrinting } from "./usePrinting.ts";

/** Up to here the browser's search finds every row. 500 rows are some 7,000 elements. */
export const MAX_WHOLE_ROWS = 500;

/** Rows of a large board that are printed: some 120 sheets of A4. */
export const MAX_PRINTED_ROWS = 1_000;

/** Rows drawn beyond each edge of the screen. */
const OVERSCAN_ROWS = 12;

/** Used until the first rows have been measured. */
const INITIAL_ROW_HEIGHT = 72;

export interface DrawnRows {
  readonly isWhole: boolean;
  /** Whether the other rows cannot be seen: paper does not scroll. */
  readonly isExcerpt: boolean;
  /** Index of the first row drawn, and of the one after the last. */
  readonly start: number;
  readonly end: number;
  /** Heights of the rows that are not drawn, in pixels. */
  readonly before: number;
  readonly after: number;
  /** The ref of each drawn row of a large board. */
  readonly measure: (row: HTMLTableRowElement | null) => void;
}

export function useDrawnRows(
  rows: readonly SortedRow[],
  table: RefObject<HTMLTableElement | null>,
): DrawnRows {
  const isWhole = rows.length <= MAX_WHOLE_ROWS;
  const [layout, setLayout] = useState({ top: 0, width: 0, rowHeight: INITIAL_ROW_HEIGHT });
  const keyAt = useCallback((index: number) => rows[index]!.key, [rows]);
  const virtualizer = useWindowVirtualizer<HTMLTableRowElement>({
    count: rows.length,
    enabled: !isWhole,
    estimateSize: () => layout.rowHeight,
    getItemKey: keyAt,
    overscan: OVERSCAN_ROWS,
    scrollMargin: layout.top,
  });
  // Where the browser keeps the place, a second correction would be one too many.
  if ("overflowAnchor" in document.documentElement.style) {
    virtualizer.shouldAdjustScrollPositionOnItemSizeChange = () => false;
  }

  const firstSeen = useCallback(() => virtualizer.range?.startIndex ?? 0, [virtualizer]);
  const printedFrom = usePrinting(firstSeen);

  useLayoutEffect(() => {
    if (isWhole || printedFrom !== undefined || !table.current) return;
    const measured = measureTable(table.current);
    if (measured === undefined) return;
    const resized = measured.width !== layout.width;
    if (!resized && Math.abs(measured.top - layout.top) < 1) return;
    setLayout({ ...measured, rowHeight: resized ? measured.rowHeight : layout.rowHeight });
    // Heights that were measured at another width are wrong.
    if (resized) virtualizer.measure();
  });

  const { measureElement: measure } = virtualizer;
  if (isWhole) {
    return { isWhole, isExcerpt: false, start: 0, end: rows.length, before: 0, after: 0, measure };
  }
  const items = virtualizer.getVirtualItems();
  const isExcerpt = printedFrom !== undefined;
  const start = printedFrom ?? items[0]?.index ?? 0;
  const end = isExcerpt
    ? Math.min(start + MAX_PRINTED_ROWS, rows.length)
    : (items.at(-1)?.index ?? -1) + 1;
  const first = virtualizer.measurementsCache[start];
  const last = virtualizer.measurementsCache[end - 1];
  const total = virtualizer.getTotalSize();
  const before = first ? first.start - layout.top : 0;
  const after = last ? total - (last.end - layout.top) : total;
  return { isWhole, isExcerpt, start, end, before, after, measure };
}

/** Where the rows begin in the document, and their mean height; undefined if none is drawn. */
function measureTable(table: HTMLTableElement) {
  const [spacer, body] = table.tBodies;
  if (!spacer || !body || body.rows.length === 0) return undefined;
  return {
    top: spacer.getBoundingClientRect().top + window.scrollY,
    width: table.clientWidth,
    rowHeight: body.offsetHeight / body.rows.length,
  };
}
