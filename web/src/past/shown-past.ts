// A time of the past that the page shows in place of the live board.

import { unknownTimetable } from "flightboard-client";
import type { FollowerState } from "../follower.ts";
import type { PastFault } from "./past-requests.ts";

const MINUTE = 60_000;

export interface ShownPast {
  /** The chosen time, in milliseconds since 1970. */
  readonly at: number;
  readonly isPlaying: boolean;
  /** The time of the rows: another one than `at` until they come. Undefined without rows. */
  readonly rowsAt: number | undefined;
  /** Never live: its connection is `stopped` while the rows are right as of their time. */
  readonly followed: FollowerState;
  readonly fault: PastFault | undefined;
}

/** Its times are those of the past, by no clock of now. */
export const noRows: FollowerState = {
  timetable: unknownTimetable,
  connection: { status: "connecting" },
  clockOffset: 0,
  lastUpdate: undefined,
  changes: [],
  highlights: new Map(),
};

/** The past until its rows come. */
export function waitingFor(at: number): ShownPast {
  return { at, isPlaying: false, rowsAt: undefined, followed: noRows, fault: undefined };
}

/** The minute at which the board is read. */
export function timeOfRows({ rowsAt, at }: ShownPast): number {
  return Math.floor((rowsAt ?? at) / MINUTE) * MINUTE;
}
