// Times as a board shows them. A time is RFC 3339 with an offset or the board-local `HH:MM`; all are shown
// in the board's zone, never in the browser's. The server decides on which day an `HH:MM` is.

import {
  type Board,
  type Flight,
  parseInstant,
  scheduledField,
  type TimeField,
} from "flightboard-client";
import type { Language } from "./language/language.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The instant of a row's time in milliseconds; undefined if the time is unset or in no known form. */
export function instantOf(flight: Flight, field: TimeField): number | undefined {
  const time = flight[field];
  const isLocal = time !== undefined && /^\d{2}:\d{2}$/.test(time);
  return parseInstant(isLocal ? flight[`${field}Instant`] : time);
}

/** `HH:MM` in the zone, or the text itself if it is not a known time format. */
export function clockTime(time: string, timeZone: string): string {
  const instant = parseInstant(time);
  return instant === undefined ? time : clockText(instant, timeZone);
}

/** `HH:MM` in the zone. */
export function clockText(instant: number, timeZone: string): string {
  return new Date(wallMillis(instant, timeZone)).toISOString().slice(11, 16);
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
export function dayAndTime(instant: number, timeZone: string, language: Language): string {
  const day = language.dayOfMonth(wallMillis(instant, timeZone));
  return language.joined(day, clockText(instant, timeZone));
}

/** `14:03:59, 22 Nov` in the zone. */
export function secondAndDay(instant: number, timeZone: string, language: Language): string {
  const wall = wallMillis(instant, timeZone);
  const second = new Date(wall).toISOString().slice(11, 19);
  return language.joined(second, language.dayOfMonth(wall));
}

/** `2026-11-22` in the zone. */
export function localDay(instant: number, timeZone: string): string {
  return new Date(wallMillis(instant, timeZone)).toISOString().slice(0, 10);
}

/** The day that many days later. A text that is not a day stays as it is. */
export function dayAfter(day: string, days: number): string {
  const start = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(start) ? day : new Date(start + days * DAY).toISOString().slice(0, 10);
}

/** Milliseconds of a duration as the server writes it, such as `1h 30m`; infinite for `never`. */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === "never") return Infinity;
  if (text === undefined || !/^(\d+[dhms] ?)+$/.test(text)) return undefined;
  const units = { d: DAY, h: 60 * MINUTE, m: MINUTE, s: 1_000 };
  const parts = text.matchAll(/(\d+)([dhms])/g);
  return [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
    0,
  );
}

/** The milliseconds that the zone's clock shows, as if it were UTC. */
export function wallMillis(instant: number, timeZone: string): number {
  return instant + offsetOf(instant, timeZone);
}

/** Zones change their offset at a quarter of an hour. */
const OFFSET_SPAN = 15 * MINUTE;
/** A board of two days has 200. */
const MAX_OFFSETS = 5_000;

const offsets = new Map<string, number>();

/** A format takes some microseconds, which thousands of rows would pay again each minute. */
function offsetOf(instant: number, timeZone: string): number {
  const start = Math.floor(instant / OFFSET_SPAN) * OFFSET_SPAN;
  const key = `${start} ${timeZone}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= MAX_OFFSETS) offsets.clear();
    offset = wallOf(start, timeZone) - start;
    offsets.set(key, offset);
  }
  return offset;
}

function wallOf(instant: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(instant);
  const fields = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day, hour, minute, second } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second);
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
    second: "2-digit",
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
