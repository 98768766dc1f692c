// One board as a page shows it: its rows in order, its time, and whether the rows are known to be right.

import type { BoardSource, Clock, ConnectionState } from "flightboard-client";
import { useMemo } from "preact/hooks";
import { useSortedRows } from "./BoardRows.tsx";
import type { Environment } from "./environment.ts";
import { isOverdue, overdueAt } from "./expectation.ts";
import type { Follower, FollowerState } from "./follower.ts";
import type { SortedRow } from "./rows/order.ts";
import { timeOfRows, type ShownPast } from "./past/shown-past.ts";
import { isLate } from "./source.ts";
import { useFollower } from "./useFollower.ts";
import { useMinute } from "./useNow.ts";
import { useServerTime } from "./useServerTime.ts";

export interface BoardView {
  readonly followed: FollowerState;
  /** Its times are by the server's clock. */
  readonly connection: ConnectionState;
  readonly rows: readonly SortedRow[];
  /** The minute at which the board is read. */
  readonly boardNow: number;
  /** The minute by the server's clock, or by this screen's until the server has sent its time. */
  readonly minute: number;
  /** The server's time, once it has sent it. */
  readonly now: number | undefined;
  /** The source, if it is late. */
  readonly lateSource: BoardSource | undefined;
  /** The last update, if the next one is overdue. */
  readonly overdueSince: number | undefined;
  /** Whether the server may have old rows itself. */
  readonly isInDoubt: boolean;
  /** Whether the rows are known to be right. */
  readonly isLive: boolean;
}

export interface FollowedBoard extends BoardView {
  readonly follower: Follower;
}

export function useFollowedBoard(name: string, environment: Environment): FollowedBoard {
  return useBoardView(useFollower(name, environment), environment.clock);
}

/** With `past`, what is followed is the board as of then, and its time is that of its rows. */
export function useBoardView(
  [followed, follower]: [FollowerState, Follower],
  clock: Clock,
  past?: ShownPast,
): FollowedBoard {
  const { timetable, clockOffset, lastUpdate, keptAt } = followed;
  const connection = useMemo(
    () => byServerClock(followed),
    [followed.connection, clockOffset, keptAt],
  );
  const { board, source } = timetable;
  const serverTime = useServerTime(clock, clockOffset, source, overdueAt(board, lastUpdate));
  const serverMinute = useMinute(clock, clockOffset);
  const now = past ? timeOfRows(past) : serverTime;
  const minute = past ? timeOfRows(past) : serverMinute;
  const [rows, boardNow] = useSortedRows(board, timetable.flights, minute);
  const lateSource = source !== null && isLate(source, now) ? source : undefined;
  const overdueSince = isOverdue(board, lastUpdate, now) ? lastUpdate : undefined;
  const isInDoubt = lateSource !== undefined || overdueSince !== undefined;
  const isLive = connection.status === "live" && !isInDoubt;
  const view = { followed, follower, connection, rows, boardNow, minute, now, isLive };
  return { ...view, lateSource, overdueSince, isInDoubt };
}

/** The board's time, once the server has sent its own. */
export function boardTimeOf({ followed, boardNow }: BoardView): number | undefined {
  return followed.clockOffset === undefined ? undefined : boardNow;
}

/** The connection's times are by this screen's clock, that of kept rows is not. */
export function byServerClock({
  connection,
  clockOffset = 0,
  keptAt,
}: Pick<FollowerState, "connection" | "clockOffset" | "keptAt">): ConnectionState {
  return "since" in connection && connection.since !== undefined
    ? { ...connection, since: keptAt ?? connection.since + clockOffset }
    : connection;
}
