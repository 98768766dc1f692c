// Several boards of an airport, followed and shown as one.

import { useState } from "preact/hooks";
import { useSortedRows } from "../BoardRows.tsx";
import type { Environment } from "../environment.ts";
import type { BoardView } from "../useFollowedBoard.ts";
import { useFollowedBoards } from "./followed-boards.ts";
import { BoardMerger } from "./merged-board.ts";

export interface MergedView extends BoardView {
  /** The name of the board that has a row, by its key. */
  boardOf(key: string): string | undefined;
}

/** `names` are in order: the first of them has the last word on a flight that is on two boards. */
export function useMergedBoard(names: readonly string[], environment: Environment): MergedView {
  const boards = useFollowedBoards(names, environment);
  const [merger] = useState(() => new BoardMerger());
  const merged = merger.of(boards.followed);
  const { board, flights } = merged.timetable;
  const [rows, boardNow] = useSortedRows(board, flights, boards.minute);
  // One board alone may be closed: of several, those that are open have rows.
  const closed = boards.followed.map(({ connection }) => connection);
  const isClosed = closed.length > 0 && closed.every(({ status }) => status === "closed");
  const connection = (isClosed && closed[0]) || boards.connection;
  const updates = boards.followed.flatMap(({ lastUpdate }) => lastUpdate ?? []);
  return {
    ...boards,
    connection,
    followed: {
      ...merged,
      connection,
      clockOffset: boards.offset,
      lastUpdate: updates.length > 0 ? Math.max(...updates) : undefined,
    },
    rows,
    boardNow,
    boardOf: (key) =>
      boards.followed.find(({ timetable }) => timetable.flights.has(key))?.timetable.board?.name,
  };
}
