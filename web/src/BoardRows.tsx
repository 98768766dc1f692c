// The rows of a board, in order and at its time.

import type { Board, FlightKey, Timetable } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { useCallback, useContext, useMemo, useState } from "preact/hooks";
import type { Highlights } from "./changes.ts";
import { CitiesContext } from "./cities.ts";
import type { SortName } from "./finding/filters.ts";
import { groupByInitial } from "./finding/sort.ts";
import type { Language } from "./language/language.ts";
import { columnsOf, terminalsDiffer } from "./rows/columns.ts";
import { FlightList } from "./rows/FlightList.tsx";
import type { ListContext } from "./rows/HourGroup.tsx";
import { groupByHour } from "./rows/hours.ts";
import { isMissed, missedKeys } from "./rows/missed.ts";
import { boardTime } from "./rows/now.ts";
import { RowOrder, splitRows, type SortedRow } from "./rows/order.ts";
import { zoneOf } from "./time.ts";

/** The rows in their order, and the board's time when the server's is `minute`. */
export function useSortedRows(
  board: Board | null,
  flights: Timetable["flights"],
  minute: number,
): [rows: readonly SortedRow[], now: number] {
  const [order] = useState(() => new RowOrder());
  const rows = useMemo(
    () => (board === null ? [] : order.of(flights, board)),
    [order, flights, board],
  );
  return [rows, boardTime(rows, minute)];
}

interface Props {
  board: Board;
  rows: readonly SortedRow[];
  now: number;
  language: Language;
  highlights: Highlights;
  /** All rows of the board have the same columns, whichever of them are shown. */
  all: readonly SortedRow[];
  sort: SortName | "";
  /** Whether a search or a filter leaves rows out. */
  isNarrowed: boolean;
  onPick(flight: FlightKey): void;
  printedHead?: ComponentChildren;
}

export function BoardRows(props: Props) {
  const { board, rows, all, now, language, highlights, sort, isNarrowed, onPick, printedHead } =
    props;
  // The list opens at the first flight that can still be caught. Later ones stay until they are over.
  const missed = useMemo(() => missedKeys(all, board, now), [board.name]);
  const parts = useMemo(
    () => splitRows(rows, now, (row) => missed.has(row.key) && isMissed(row, board, now)),
    [rows, now, missed, board],
  );
  const context = useListContext(board, all, now, language);
  const cities = useContext(CitiesContext);
  const group = useCallback(
    (some: readonly SortedRow[]) =>
      sort === "" ? groupByHour(some, zoneOf(board)) : groupByInitial(some, sort, board, cities),
    [sort, board, cities],
  );
  const groupFound = useCallback(
    (some: readonly SortedRow[]) => {
      const earlier = group(some.filter(({ overAt }) => overAt <= now));
      return [
        ...group(some.filter(({ overAt }) => overAt > now)),
        ...earlier.map((one) => ({ ...one, isEarlier: true })),
      ];
    },
    [group, now],
  );
  // Few results are all shown, and those first that a reader can still catch.
  const groupRows = isNarrowed && parts.earlier.length === 0 ? groupFound : group;
  return <FlightList {...parts} {...{ context, highlights, groupRows, onPick, printedHead }} />;
}

/** The same object until a part of it changes, so that rows can compare it by identity. */
function useListContext(
  board: Board,
  rows: readonly SortedRow[],
  now: number,
  language: Language,
): ListContext {
  const flights = useMemo(() => rows.map(({ flight }) => flight), [rows]);
  const fresh = useMemo(() => columnsOf(board, flights, language), [board, flights, language]);
  const names = fresh.map(({ name }) => name).join();
  const columns = useMemo(() => fresh, [board, language, names]);
  const hasTerminals = useMemo(() => terminalsDiffer(flights), [flights]);
  return useMemo(
    () => ({ board, columns, language, now, hasTerminals }),
    [board, columns, language, now, hasTerminals],
  );
}
