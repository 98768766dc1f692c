// Times as a board shows them. A time is RFC 3339 with an offset or the board-local `HH:MM`; all are shown
// in the board's zone, never in the browser's. The server decides on which day an `HH:MM` is.

import {
  type Board,
  type Flight,
  parseInstant,
  scheduledField,
  type TimeField,
} from "flightboard-client";
import { knownState } from "./states.ts";

export const DELAYED_MINUTES = 15;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** The instant of a row's time in milliseconds; undefined if the time is unset or in no known form. */
export function instantOf(flight: Flight, field: TimeField): number | undefined {
  const time = flight[field];
  const isLocal = time !== undefined && /^\d{2}:\d{2}$/.test(time);
  return parseInstant(isLocal ? flight[`${field}Instant`] : time);
}

/** `HH:MM` in the zone, or the text itself if it is not a known time format. */
export function clockTime(time: string, timeZone: string): string {
  const instant = parseInstant(time);
  if (instant === undefined) return time;
  const { hour, minute } = wallParts(instant, timeZone);
  return `${hour}:${minute}`;
}

/** Local days between the flight's date and a time, for the superscript "+1". */
export function dayOffset(flight: Flight, field: TimeField, board: Board): number {
  const instant = instantOf(flight, field);
  if (instant === undefined) return 0;
  const zone = zoneOf(board);
  const scheduled = instantOf(flight, scheduledField(board.kind));
  const first = flight.date ?? localDay(scheduled ?? instant, zone);
  return Math.round((Date.parse(localDay(instant, zone)) - Date.parse(first)) / DAY) || 0;
}

/** Minutes behind schedule by the actual time, else the estimated one; undefined if unknown. */
export function delayMinutes(flight: Flight, board: Board): number | undefined {
  const scheduled = instantOf(flight, scheduledField(board.kind));
  const revised = instantOf(flight, flight.actual === undefined ? "estimated" : "actual");
  if (scheduled === undefined || revised === undefined) return undefined;
  return Math.round((revised - scheduled) / MINUTE);
}

/** Minutes late if at least the threshold, and not for a cancelled flight. */
export function delay(flight: Flight, board: Board): number | undefined {
  if (knownState(flight.state) === "cancelled") return undefined;
  const late = delayMinutes(flight, board);
  return late !== undefined && late >= DELAYED_MINUTES ? late : undefined;
}

export function zoneOf(board: Board): string {
  return board.timeZone ?? "UTC";
}

/** The zone as readers know it. The database's `Etc/GMT+6` is six hours behind UTC, against the usual sign. */
export function zoneLabel(timeZone: string): string {
  const [isOffset, sign, hours] = /^Etc\/GMT(?:([+-])(\d+))?$/.exec(timeZone) ?? [];
  if (isOffset === undefined) return timeZone.replaceAll("_", " ");
  return sign === undefined || hours === "0" ? "UTC" : `UTC${sign === "+" ? "−" : "+"}${hours}`;
}

/** `22 Nov, 14:03` in the zone. */
export function dayAndTime(instant: number, timeZone: string): string {
  const { month, day, hour, minute } = wallParts(instant, timeZone);
  return `${Number(day)} ${MONTHS[Number(month) - 1]}, ${hour}:${minute}`;
}

function localDay(instant: number, timeZone: string): string {
  const { year, month, day } = wallParts(instant, timeZone);
  return `${year}-${month}-${day}`;
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
