// The time from which a row is over: it makes room for flights that a reader can still catch or meet.

import { type Board, type Flight } from "flightboard-client";
import { knownState } from "../states.ts";
import { parseDuration } from "../time.ts";
import { MINUTE, timesOf } from "./times.ts";

/** Delays after which a row in a state is over, unless the board's `overAfter` has others. */
export const OVER_AFTER_MINUTES: Readonly<Record<string, number>> = {
  departed: 5,
  "gate closed": 10,
  baggage: 20,
  landed: 30,
  "at gate": 30,
  cancelled: 30,
  diverted: 30,
};

/** A row whose state does not tell of its movement is over this long after the movement was due. */
export const UNTOLD_MINUTES = 30;
/** A flight that is being called, or whose state the page does not know, may be late without an estimate. */
export const CALLED_MINUTES = 6 * 60;

/** These count from the schedule: there is no other movement to wait for. */
const COUNTED_FROM_SCHEDULE = new Set(["gate closed", "cancelled", "diverted"]);

const UNTOLD = new Set(["", "scheduled", "expected"]);

/** The instant from which a row is over; infinite without a time. */
export function overAt(flight: Flight, board: Pick<Board, "kind" | "overAfter">): number {
  const state = flight.state ? knownState(flight.state) : "";
  const { scheduled, expected } = timesOf(flight, board);
  const isFromSchedule = state !== undefined && COUNTED_FROM_SCHEDULE.has(state);
  const from = isFromSchedule ? (scheduled ?? expected) : expected;
  return from === undefined ? Infinity : from + overAfter(state, board);
}

function overAfter(state: string | undefined, board: Pick<Board, "overAfter">): number {
  if (state !== undefined) {
    const set = parseDuration(board.overAfter?.[state]);
    if (set !== undefined) return set;
    const minutes = OVER_AFTER_MINUTES[state];
    if (minutes !== undefined) return minutes * MINUTE;
    if (UNTOLD.has(state)) return UNTOLD_MINUTES * MINUTE;
  }
  return CALLED_MINUTES * MINUTE;
}
