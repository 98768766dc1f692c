// The rows of a board, in order and at its time.

import type { Board, Timetable } from "flightboard-client";
import { useMemo, useState } from "preact/hooks";
import type { Highlights } from "./changes.ts";
import type { Language } from "./language/language.ts";
import { columnsOf, terminalsDiffer } from "./rows/columns.ts";
import { FlightList } from "./rows/FlightList.tsx";
import type { ListContext } from "./rows/HourGroup.tsx";
import { boardTime } from "./rows/now.ts";
import { RowOrder, splitRows, type SortedRow } from "./rows/order.ts";

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
}

export function BoardRows({ board, rows, now, language, highlights }: Props) {
  const parts = useMemo(() => splitRows(rows, now), [rows, now]);
  const context = useListContext(board, rows, now, language);
  return <FlightList {...parts} context={context} highlights={highlights} />;
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
