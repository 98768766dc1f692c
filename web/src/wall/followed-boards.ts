// Several boards that one screen follows: it is right only if each of them is.

import type { BoardSource, ConnectionState } from "flightboard-client";
import type { Environment } from "../environment.ts";
import { isOverdue } from "../expectation.ts";
import type { FollowerState } from "../follower.ts";
import { isLate } from "../source.ts";
import { byServerClock } from "../useFollowedBoard.ts";
import { useMinute } from "../useNow.ts";
import { useFollowers } from "./useFollowers.ts";

export interface FollowedBoards {
  readonly followed: readonly FollowerState[];
  /** How far the server's clock is ahead of this one; undefined until it has sent its time. */
  readonly offset: number | undefined;
  /** By the server's clock, or by this screen's until the server has sent its time. */
  readonly minute: number;
  readonly now: number | undefined;
  /** The worst of all. Its times are by the server's clock. */
  readonly connection: ConnectionState;
  /** A source that is late. */
  readonly lateSource: BoardSource | undefined;
  /** The oldest of the last updates whose next one is overdue. */
  readonly overdueSince: number | undefined;
  readonly isInDoubt: boolean;
  readonly isLive: boolean;
}

export function useFollowedBoards(
  names: readonly string[],
  environment: Environment,
): FollowedBoards {
  const { clock } = environment;
  const followed = useFollowers(names, environment);
  const offset = followed.find(({ clockOffset }) => clockOffset !== undefined)?.clockOffset;
  const minute = useMinute(clock, offset);
  const now = offset === undefined ? undefined : clock.now() + offset;
  const connection = worstConnection(followed);
  const lateSource = lateSourceOf(followed, now);
  const overdueSince = overdueSinceOf(followed, now);
  const isInDoubt = lateSource !== undefined || overdueSince !== undefined;
  const isLive = connection.status === "live" && !isInDoubt;
  const doubt = { connection, lateSource, overdueSince, isInDoubt, isLive };
  return { followed, offset, minute, now, ...doubt };
}

/** The flight that a screen lacks may be on any of its boards. A closed board has none. */
function worstConnection(followed: readonly FollowerState[]): ConnectionState {
  if (followed.length === 0) return { status: "connecting" };
  const since = (one: ConnectionState) => ("since" in one ? (one.since ?? 0) : 0);
  const [worst] = followed
    .map(byServerClock)
    .filter(({ status }) => status !== "live" && status !== "closed")
    .sort((one, other) => since(one) - since(other));
  return worst ?? { status: "live" };
}

function lateSourceOf(
  followed: readonly FollowerState[],
  now: number | undefined,
): BoardSource | undefined {
  return followed
    .map(({ timetable }) => timetable.source)
    .find((source): source is BoardSource => source !== null && isLate(source, now));
}

function overdueSinceOf(
  followed: readonly FollowerState[],
  now: number | undefined,
): number | undefined {
  const overdue = followed
    .filter(({ timetable, lastUpdate }) => isOverdue(timetable.board, lastUpdate, now))
    .map(({ lastUpdate }) => lastUpdate ?? Infinity);
  return overdue.length > 0 ? Math.min(...overdue) : undefined;
}
