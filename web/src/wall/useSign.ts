// The contents of a sign at a gate or a belt, from all boards whose travellers look at it.

import type { BoardSource, ConnectionState } from "flightboard-client";
import { useState } from "preact/hooks";
import type { Environment } from "../environment.ts";
import { isOverdue } from "../expectation.ts";
import type { FollowerState } from "../follower.ts";
import type { RowOrder } from "../rows/order.ts";
import { isLate } from "../source.ts";
import { byServerClock } from "../useFollowedBoard.ts";
import { useMinute } from "../useNow.ts";
import { kindOf, signRows, type Sign } from "./sign.ts";
import { MAX_FOLLOWED, useFollowers } from "./useFollowers.ts";
import { useListedBoards } from "./useListedBoards.ts";

export function useSign(sign: Sign, airport: string | undefined, environment: Environment) {
  const { clock } = environment;
  const listed = useListedBoards(clock);
  const names = (listed ?? [])
    .filter((board) => board.kind === kindOf(sign))
    .filter((board) => airport === undefined || board.airport === airport)
    .map(({ name }) => name);
  const isTooMany = names.length > MAX_FOLLOWED;
  const followed = useFollowers(isTooMany ? [] : names, environment);
  const [orders] = useState(() => new Map<string, RowOrder>());
  const offset = followed.find(({ clockOffset }) => clockOffset !== undefined)?.clockOffset;
  const minute = useMinute(clock, offset);
  const rows = signRows(followed, sign, minute, orders);
  const now = offset === undefined ? undefined : clock.now() + offset;
  const known = followed.find(({ timetable }) => timetable.board !== null)?.timetable.board;
  return {
    followed,
    rows,
    /** Its clock is that of the sign. */
    board: rows[0]?.board ?? known ?? undefined,
    offset,
    minute,
    isTooMany,
    isAbsent: listed !== undefined && names.length === 0,
    connection: worstConnection(followed),
    now,
    lateSource: lateSourceOf(followed, now),
    overdueSince: overdueSinceOf(followed, now),
  };
}

/** A sign is right only if each of its boards is: the flight that it lacks may be on any of them. */
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

/** The oldest of the last updates whose next one is overdue. */
function overdueSinceOf(
  followed: readonly FollowerState[],
  now: number | undefined,
): number | undefined {
  const overdue = followed
    .filter(({ timetable, lastUpdate }) => isOverdue(timetable.board, lastUpdate, now))
    .map(({ lastUpdate }) => lastUpdate ?? Infinity);
  return overdue.length > 0 ? Math.min(...overdue) : undefined;
}
