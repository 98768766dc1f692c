// Times as a board shows them. A time is RFC 3339 with an offset or the board-local `HH:MM`; all are shown
// in the board's zone, never in the browser's.

import { scheduledTime, type Board, type Flight } from "./flight.ts";
import { knownState } from "./states.ts";

export const DELAYED_MINUTES = 15;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DAY_MINUTES = 24 * 60;

/** `HH:MM` in the zone, or the text itself if it is not a known time format. */
export function clockTime(time: string, timeZone: string): string {
  const instant = instantOf(time);
  if (instant === undefined) return time;
  const { hour, minute } = wallParts(instant, timeZone);
  return `${hour}:${minute}`;
}

/** Local days between the flight's date and a time, for the superscript "+1". */
export function dayOffset(flight: Flight, time: string, board: Board): number {
  const zone = zoneOf(board);
  const scheduled = scheduledTime(flight, board.kind);
  const day = localDay(time, zone);
  if (day !== undefined) {
    const first = flight.date ?? (scheduled && localDay(scheduled, zone)) ?? day;
    return Math.round((Date.parse(day) - Date.parse(first)) / DAY) || 0;
  }
  const from = scheduled === undefined ? undefined : minutesOf(scheduled);
  const to = minutesOf(time);
  if (from === undefined || to === undefined) return 0;
  return Math.floor((from + shortestDifference(to - from)) / DAY_MINUTES);
}

/** Minutes behind schedule by the actual time, else the estimated one; undefined if unknown. */
export function delayMinutes(flight: Flight, board: Board): number | undefined {
  const scheduled = scheduledTime(flight, board.kind);
  const later = flight.actual ?? flight.estimated;
  if (scheduled === undefined || later === undefined) return undefined;
  const [from, to] = [instantOf(scheduled), instantOf(later)];
  if (from !== undefined && to !== undefined) return Math.round((to - from) / MINUTE);
  const zone = zoneOf(board);
  const [fromMinute, toMinute] = [
    minutesOf(clockTime(scheduled, zone)),
    minutesOf(clockTime(later, zone)),
  ];
  if (fromMinute === undefined || toMinute === undefined) return undefined;
  return shortestDifference(toMinute - fromMinute);
}

/** Minutes late if at least the threshold, and not for a cancelled flight. */
export function delay(flight: Flight, board: Board): number | undefined {
  if (knownState(flight.state) === "cancelled") return undefined;
  const late = delayMinutes(flight, board);
  return late !== undefined && late >= DELAYED_MINUTES ? late : undefined;
}

/** The sort key; undefined if the flight has no scheduled time. */
export function scheduledInstant(
  flight: Flight,
  board: Board,
  firstDay: string,
): number | undefined {
  const scheduled = scheduledTime(flight, board.kind);
  if (scheduled === undefined) return undefined;
  const instant = instantOf(scheduled);
  if (instant !== undefined) return instant;
  const minutes = minutesOf(scheduled);
  if (minutes === undefined) return undefined;
  const wall = Date.parse(flight.date ?? firstDay) + minutes * MINUTE;
  return wall - zoneOffset(wall, zoneOf(board));
}

/** The day assumed for an `HH:MM` without a date: the earliest on the board. */
export function firstDayOf(flights: Iterable<Flight>, board: Board): string {
  let first: string | undefined;
  for (const flight of flights) {
    const scheduled = scheduledTime(flight, board.kind);
    const day = flight.date ?? (scheduled && localDay(scheduled, zoneOf(board)));
    if (day !== undefined && (first === undefined || day < first)) first = day;
  }
  return first ?? "1970-01-01";
}

export function zoneOf(board: Board): string {
  return board.timeZone ?? "UTC";
}

/** RFC 3339 to milliseconds. A time without an offset is rejected, since the browser's zone must not decide. */
function instantOf(time: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*([Zz]|[+-]\d{2}:\d{2})$/.test(time)) return undefined;
  const instant = Date.parse(time);
  return Number.isNaN(instant) ? undefined : instant;
}

function minutesOf(time: string): number | undefined {
  const [, hour, minute] = /^(\d{2}):(\d{2})$/.exec(time) ?? [];
  return hour === undefined ? undefined : Number(hour) * 60 + Number(minute);
}

function localDay(time: string, timeZone: string): string | undefined {
  const instant = instantOf(time);
  if (instant === undefined) return undefined;
  const { year, month, day } = wallParts(instant, timeZone);
  return `${year}-${month}-${day}`;
}

/** The shorter way round the clock: 23:50 to 00:20 is half an hour late, not a day early. */
function shortestDifference(minutes: number): number {
  const half = DAY_MINUTES / 2;
  return ((((minutes + half) % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES) - half;
}

/** The zone's offset from UTC in milliseconds, at a wall-clock time given as if it were UTC. */
function zoneOffset(wall: number, timeZone: string): number {
  const at = (instant: number) => {
    const { year, month, day, hour, minute } = wallParts(instant, timeZone);
    return Date.parse(`${year}-${month}-${day}T${hour}:${minute}Z`) - instant;
  };
  // The first estimate may fall on the wrong side of a clock change; the second corrects it.
  return at(wall - at(wall));
}

type WallParts = Record<"year" | "month" | "day" | "hour" | "minute", string>;

function wallParts(instant: number, timeZone: string): WallParts {
  const parts = formatOf(timeZone).formatToParts(instant);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value])) as WallParts;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Creating a format costs a thousand times more than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = makeFormat(timeZone);
    formats.set(timeZone, format);
  }
  return format;
}

function makeFormat(timeZone: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    // h23, as hour12: false makes midnight 24:00 in some browsers.
    hourCycle: "h23",
  };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
  } catch {
    // The browser does not know this zone.
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  }
}
