// Reads a time that a person types, on the clock of the board. It is published with its offset, so that everybody gets
// the day that the desk has shown.

import { type Board, type Flight, scheduledField, type TimeField } from "flightboard-client";
import { dayAfter, instantOf, localDay, wallMillis, zoneOf } from "../time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A new time without a day is this long before the scheduled time at most, and less than a day later. */
export const MAX_EARLY_HOURS = 3;
/** Without a scheduled time, it is this long before the present at most. */
export const MAX_PAST_HOURS = 6;
/** An actual time that is later than this from now is a mistake, as it is for the server. */
export const MAX_AHEAD_MINUTES = 60;

export type TimeReason = { reason: "time" | "skipped" | "future" | "noSchedule" };

export interface TypedTime {
  readonly instant: number;
  /** RFC 3339 with the offset of the zone. */
  readonly text: string;
}

export interface TimeContext {
  readonly board: Board;
  readonly now: number | undefined;
}

/** `20:45`, `2045`, `20:45 +1` (a day later), `+25` (minutes after the schedule), or a date and a time. */
export function parseTime(
  typed: string,
  field: TimeField,
  flight: Flight,
  context: TimeContext,
): TypedTime | TimeReason {
  const zone = zoneOf(context.board);
  const instant = instantOfText(typed.trim(), field, flight, context);
  if (typeof instant !== "number") return instant;
  const isFuture = context.now !== undefined && instant > context.now + MAX_AHEAD_MINUTES * MINUTE;
  if (field === "actual" && isFuture) return { reason: "future" };
  return { instant, text: rfc3339(instant, zone) };
}

/** In the zone, with its offset. */
export function rfc3339(instant: number, zone: string): string {
  const wall = wallMillis(instant, zone);
  const minutes = Math.round((wall - instant) / MINUTE);
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const sign = minutes < 0 ? "-" : "+";
  const offset = `${sign}${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  return new Date(wall).toISOString().slice(0, 19) + offset;
}

/** The day at the board. */
export function dayOf(instant: number, board: Board): string {
  return localDay(instant, zoneOf(board));
}

function instantOfText(
  text: string,
  field: TimeField,
  flight: Flight,
  context: TimeContext,
): number | TimeReason {
  const { board, now = Date.now() } = context;
  const zone = zoneOf(board);
  const scheduled = instantOf(flight, scheduledField(board.kind));

  const difference = /^([+\-−])\s*(\d{1,4})\s*(?:m|min)?$/.exec(text);
  if (difference) {
    const isRevision = field === "estimated" || field === "actual";
    if (scheduled === undefined || !isRevision) return { reason: "noSchedule" };
    return scheduled + signed(difference[1]!, difference[2]!) * MINUTE;
  }

  const dated = /^(\d{4}-\d{2}-\d{2})[Tt ]\s*(\S+)$/.exec(text);
  const offset =
    dated && /^(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})$/.exec(dated[2]!);
  if (offset) {
    const instant = Date.parse(`${dated[1]}T${dated[2]}`.toUpperCase());
    return Number.isNaN(instant) ? { reason: "time" } : instant;
  }
  if (dated) {
    const clock = clockOf(dated[2]!);
    return clock === undefined ? { reason: "time" } : instantAt(dated[1]!, clock, zone);
  }

  const parts = /^([^+\-−]+?)\s*(?:([+\-−])\s*(\d))?$/.exec(text);
  const clock = parts ? clockOf(parts[1]!) : undefined;
  if (clock === undefined) return { reason: "time" };
  const days = parts?.[2] ? signed(parts[2], parts[3]!) : undefined;
  if (days !== undefined) {
    const first = flight.date ?? localDay(scheduled ?? now, zone);
    return instantAt(dayAfter(first, days), clock, zone);
  }
  if (field === "departure" && board.kind === "departures" && flight.date !== undefined)
    return instantAt(flight.date, clock, zone);
  const start = earliest(field, flight, scheduled, { board, now });
  const first = firstFrom(start, clock, zone);
  const isFuture = typeof first === "number" && first > now + MAX_AHEAD_MINUTES * MINUTE;
  // A movement that has happened is not tomorrow.
  return field === "actual" && isFuture ? firstFrom(start - DAY, clock, zone) : first;
}

/** A time without a day is the first one from here on. */
function earliest(
  field: TimeField,
  flight: Flight,
  scheduled: number | undefined,
  { board, now }: { board: Board; now: number },
): number {
  const usual = now - MAX_PAST_HOURS * HOUR;
  if (field === "estimated" || field === "actual")
    return scheduled === undefined ? usual : scheduled - MAX_EARLY_HOURS * HOUR;
  if (field !== scheduledField(board.kind)) {
    if (scheduled === undefined) return usual;
    return field === "arrival" ? scheduled : scheduled - DAY;
  }
  const before = instantOf(flight, field);
  if (before !== undefined) return before - DAY / 2;
  const day = flight.date && instantAt(flight.date, "00:00", zoneOf(board));
  return typeof day === "number" ? day : usual;
}

function firstFrom(start: number, clock: string, zone: string): number | TimeReason {
  const today = localDay(start, zone);
  for (const days of [0, 1]) {
    const instant = instantAt(dayAfter(today, days), clock, zone);
    if (typeof instant !== "number" || instant >= start) return instant;
  }
  return instantAt(dayAfter(today, 2), clock, zone);
}

/** `HH:MM` of the ways in which people write a time. */
function clockOf(text: string): string | undefined {
  const [isClock, hour, minute] = /^(\d{1,2})[:.hH]?(\d{2})$/.exec(text) ?? [];
  if (isClock === undefined || Number(hour) > 23 || Number(minute) > 59) return undefined;
  return `${hour!.padStart(2, "0")}:${minute}`;
}

/** The first of two where the clock is set back. */
function instantAt(day: string, clock: string, zone: string): number | TimeReason {
  const wall = Date.parse(`${day}T${clock}:00Z`);
  if (Number.isNaN(wall)) return { reason: "time" };
  const offsets = [-DAY, DAY].map((away) => wallMillis(wall + away, zone) - (wall + away));
  const instants = offsets.map((offset) => wall - offset).sort((one, other) => one - other);
  return instants.find((instant) => wallMillis(instant, zone) === wall) ?? { reason: "skipped" };
}

function signed(sign: string, digits: string): number {
  return sign === "+" ? Number(digits) : -Number(digits);
}
