// The flights of a sign at a gate or a belt, over all boards that are followed.

import type { Board, Flight } from "flightboard-client";
import type { FollowerState } from "../follower.ts";
import { boardTime } from "../rows/now.ts";
import { RowOrder, type SortedRow } from "../rows/order.ts";
import { folded } from "./filter.ts";

export interface Sign {
  readonly field: "gate" | "belt";
  readonly value: string;
}

export interface SignRow {
  readonly row: SortedRow;
  readonly board: Board;
  /** The time at which the board is read. */
  readonly now: number;
}

/** The kind of board whose travellers look at the sign. */
export function kindOf({ field }: Sign): Board["kind"] {
  return field === "gate" ? "departures" : "arrivals";
}

/** Soonest first. `orders` keeps the order of each board's rows, by name. */
export function signRows(
  followed: readonly FollowerState[],
  sign: Sign,
  minute: number,
  orders: Map<string, RowOrder>,
): SignRow[] {
  const rows = followed.flatMap(({ timetable: { board, flights } }) => {
    if (board === null) return [];
    const order = orders.get(board.name) ?? new RowOrder();
    orders.set(board.name, order);
    const sorted = order.of(flights, board);
    const now = boardTime(sorted, minute);
    return sorted
      .filter(({ flight, overAt }) => overAt > now && isAt(flight, sign))
      .map((row) => ({ row, board, now }));
  });
  return rows.sort((one, other) => one.row.instant - other.row.instant);
}

function isAt(flight: Flight, { field, value }: Sign): boolean {
  return folded(flight[field]) === folded(value);
}
