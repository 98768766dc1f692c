// The contents of a sign at a gate or a belt, from all boards whose travellers look at it.

import { useState } from "preact/hooks";
import type { Environment } from "../environment.ts";
import type { RowOrder } from "../rows/order.ts";
import { useFollowedBoards } from "./followed-boards.ts";
import { kindOf, signRows, type Sign } from "./sign.ts";
import { MAX_FOLLOWED } from "./useFollowers.ts";
import { useListedBoards } from "./useListedBoards.ts";

export function useSign(sign: Sign, airport: string | undefined, environment: Environment) {
  const listed = useListedBoards(environment.clock);
  const names = listed.boards
    .filter((board) => board.kind === kindOf(sign))
    .filter((board) => airport === undefined || board.airport === airport)
    .map(({ name }) => name);
  const isTooMany = names.length > MAX_FOLLOWED;
  const boards = useFollowedBoards(isTooMany ? [] : names, environment);
  const [orders] = useState(() => new Map<string, RowOrder>());
  const rows = signRows(boards.followed, sign, boards.minute, orders);
  const known = boards.followed.find(({ timetable }) => timetable.board !== null)?.timetable.board;
  return {
    ...boards,
    rows,
    /** Its clock is that of the sign. */
    board: rows[0]?.board ?? known ?? undefined,
    isTooMany,
    /** Whether rows are those that the browser has kept. */
    isKept: boards.followed.some(({ keptAt }) => keptAt !== undefined),
    isAbsent: listed.isKnown && names.length === 0,
  };
}
