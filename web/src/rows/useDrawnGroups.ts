// Chooses the groups of rows to draw: first those of the screen, then all others in small steps, so that a phone shows the
// flights of now before it has laid out the rest of the day. Of a large board only the groups near the screen are
// drawn; they stay in the flow of the document, so that the browser itself keeps the place when rows above change.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { usePrinting } from "../usePrinting.ts";

/** Up to here the browser's search finds every row. */
export const MAX_WHOLE_ROWS = 1_000;

/** Rows of a large board that are printed. */
export const MAX_PRINTED_ROWS = 1_000;

/** They fill a screen, whose rows are hardly lower than this. */
const FIRST_ROW_PIXELS = 60;
const MIN_FIRST_ROWS = 12;

/** Rows drawn in one step: less than 50 ms on a slow phone. */
const STEP_ROWS = 24;

/** Screens above and below the visible one whose groups are drawn. */
const MARGIN_SCREENS = 1;

interface Group {
  readonly rows: readonly unknown[];
}

export interface DrawnGroups {
  readonly isWhole: boolean;
  /** The groups of a large board that are printed. */
  readonly printed: { readonly start: number; readonly end: number } | undefined;
  /** How many rows of the group at this index are drawn: of a large board all or none. */
  drawnRows(index: number): number;
  /** The ref of the group at this index. */
  observerOf(index: number): (element: HTMLElement | null) => void;
}

/** `groups` are in the order in which they should be drawn. */
export function useDrawnGroups(groups: readonly Group[]): DrawnGroups {
  const total = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const isWhole = total <= MAX_WHOLE_ROWS;
  const [rows, setRows] = useState(firstRows);
  const [near, observerOf] = useNearIndexes(!isWhole);
  const firstNear = useCallback(() => Math.min(...near, groups.length), [near, groups.length]);
  const printedFrom = usePrinting(firstNear);

  const isBehind = isWhole && rows < total;
  useEffect(
    () => (isBehind ? later(() => setRows(rows + STEP_ROWS)) : undefined),
    [isBehind, rows],
  );

  const ends = endsOf(groups);
  const printed = isWhole || printedFrom === undefined ? undefined : range(ends, printedFrom);
  return {
    isWhole,
    printed,
    drawnRows: (index) => {
      const start = startOf(ends, index);
      // Paper does not wait for the next step.
      if (isWhole) return printedFrom === undefined ? Math.max(0, rows - start) : Infinity;
      const isDrawn = printed
        ? index >= printed.start && index < printed.end
        : // Before the browser has told which groups are near the screen, the first ones are.
          near.size > 0
          ? near.has(index)
          : start < firstRows();
      return isDrawn ? Infinity : 0;
    },
    observerOf,
  };
}

/** By the screen: the height of the window is known only after a layout. */
function firstRows(): number {
  return Math.max(MIN_FIRST_ROWS, Math.ceil(window.screen.height / FIRST_ROW_PIXELS));
}

/** The number of rows up to the end of each group. */
function endsOf(groups: readonly Group[]): number[] {
  let end = 0;
  return groups.map(({ rows }) => (end += rows.length));
}

function startOf(ends: readonly number[], index: number): number {
  return ends[index - 1] ?? 0;
}

function range(ends: readonly number[], start: number) {
  const first = startOf(ends, start);
  const end = ends.findIndex((last) => last - first >= MAX_PRINTED_ROWS);
  return { start, end: end === -1 ? ends.length : end + 1 };
}

/** Runs after the browser has painted, and had time for input. */
function later(run: () => void): () => void {
  if (typeof requestIdleCallback === "function") {
    const request = requestIdleCallback(run, { timeout: 200 });
    return () => cancelIdleCallback(request);
  }
  const timer = setTimeout(run, 16);
  return () => clearTimeout(timer);
}

/** The indexes of the elements near the screen. */
function useNearIndexes(isWanted: boolean) {
  const [near, setNear] = useState<ReadonlySet<number>>(new Set());
  const observer = useRef<IntersectionObserver | undefined>(undefined);
  const indexes = useRef(new Map<Element, number>());
  const refs = useRef(new Map<number, (element: HTMLElement | null) => void>());

  if (isWanted && observer.current === undefined && typeof IntersectionObserver === "function") {
    observer.current = new IntersectionObserver(
      (entries) =>
        setNear((before) => {
          const after = new Set(before);
          for (const { target, isIntersecting } of entries) {
            const index = indexes.current.get(target);
            if (index === undefined) continue;
            if (isIntersecting) after.add(index);
            else after.delete(index);
          }
          return after;
        }),
      { rootMargin: `${MARGIN_SCREENS * 100}% 0px` },
    );
    for (const element of indexes.current.keys()) observer.current.observe(element);
  }
  useEffect(() => () => observer.current?.disconnect(), []);

  const observerOf = useCallback((index: number) => {
    let ref = refs.current.get(index);
    if (ref === undefined) {
      let last: HTMLElement | null = null;
      ref = (element) => {
        if (last) {
          indexes.current.delete(last);
          observer.current?.unobserve(last);
        }
        last = element;
        if (!element) return;
        indexes.current.set(element, index);
        observer.current?.observe(element);
      };
      refs.current.set(index, ref);
    }
    return ref;
  }, []);
  return [near, observerOf] as const;
}
