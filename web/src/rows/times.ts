// The movement of a flight, and its difference from the schedule.

import { type Board, type Flight, scheduledField } from "flightboard-client";
import { knownState } from "../states.ts";
import { instantOf } from "../time.ts";

export const LATE_MINUTES = 15;
export const EARLY_MINUTES = 10;
/** A traveller counts the minutes to a movement from here on. */
export const COUNTDOWN_MINUTES = 60;

export const MINUTE = 60_000;

/** The flight has moved, or will not: nothing can be late any more. */
const SETTLED = new Set(["landed", "at gate", "baggage", "departed", "cancelled", "diverted"]);

export interface RowTimes {
  /** All in milliseconds; undefined if unknown. */
  readonly scheduled: number | undefined;
  /** The actual or estimated time, if it is in another minute than the scheduled one. */
  readonly revised: number | undefined;
  /** The best that is known of its movement. */
  readonly expected: number | undefined;
}

export function timesOf(flight: Flight, { kind }: Pick<Board, "kind">): RowTimes {
  const scheduled = instantOf(flight, scheduledField(kind));
  // An estimate for a flight that will not move says nothing.
  const isCancelled = knownState(flight.state) === "cancelled";
  const news = isCancelled
    ? undefined
    : (instantOf(flight, "actual") ?? instantOf(flight, "estimated"));
  const isRevised = news !== undefined && minuteOf(news) !== minuteOf(scheduled ?? -Infinity);
  return { scheduled, revised: isRevised ? news : undefined, expected: news ?? scheduled };
}

/** Minutes behind schedule, negative if early, while that matters and where it is enough to tell. */
export function lateness(flight: Flight, board: Pick<Board, "kind">): number | undefined {
  if (isSettled(flight)) return undefined;
  const { scheduled, revised } = timesOf(flight, board);
  if (scheduled === undefined || revised === undefined) return undefined;
  const minutes = Math.round((revised - scheduled) / MINUTE);
  return minutes >= LATE_MINUTES || minutes <= -EARLY_MINUTES ? minutes : undefined;
}

export function isSettled(flight: Flight): boolean {
  return flight.actual !== undefined || SETTLED.has(knownState(flight.state) ?? "");
}

/** Whole minutes until a flight moves, if a traveller should count them. */
export function countdown(
  flight: Flight,
  board: Pick<Board, "kind">,
  now: number,
): number | undefined {
  const { expected } = timesOf(flight, board);
  if (expected === undefined || isSettled(flight)) return undefined;
  const minutes = minuteOf(expected) - minuteOf(now);
  return minutes >= 0 && minutes <= COUNTDOWN_MINUTES ? minutes : undefined;
}

/** Whether the time has passed at which the flight was expected to move. Without a time, nothing is expected. */
export function isDue(flight: Flight, board: Pick<Board, "kind">, now: number): boolean {
  const { expected } = timesOf(flight, board);
  return expected === undefined || minuteOf(expected) < minuteOf(now);
}

/** A clock shows the minute that has begun. */
export function minuteOf(instant: number): number {
  return Math.floor(instant / MINUTE);
}
