// The days whose flights are counted. The page keeps them in its URL.

import { dayAfter, localDay, wallMillis } from "../time.ts";

const DAY = 24 * 60 * 60_000;
/** The server refuses longer ones. */
export const MAX_DAYS = 31;
const WEEK_DAYS = 7;

export const periods = ["today", "yesterday", "week", "own"] as const;
export type Period = (typeof periods)[number];

/** Two days, `2026-11-22`, both of them included. */
export interface Days {
  readonly first: string;
  readonly last: string;
}

/** In milliseconds; the end is no part of it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Choice {
  readonly period: Period;
  /** The days of the period `own`. */
  readonly days?: Days;
}

export function choiceOf(search: string): Choice {
  const query = new URLSearchParams(search);
  const [first, last] = [query.get("first") ?? "", query.get("last") ?? ""];
  if (isDay(first) && isDay(last)) return { period: "own", days: { first, last } };
  const period = periods.find((period) => period === query.get("days"));
  return { period: period === undefined || period === "own" ? "today" : period };
}

/** The URL of the page with a choice. */
export function urlWith(href: string, { period, days }: Choice): URL {
  const url = new URL(href);
  for (const name of ["days", "first", "last"]) url.searchParams.delete(name);
  if (days !== undefined) {
    url.searchParams.set("first", days.first);
    url.searchParams.set("last", days.last);
  } else if (period !== "today") {
    url.searchParams.set("days", period);
  }
  return url;
}

export function daysOf({ period, days }: Choice, now: number, zone: string): Days {
  const today = localDay(now, zone);
  switch (period) {
    case "yesterday":
      return { first: dayAfter(today, -1), last: dayAfter(today, -1) };
    case "week":
      return { first: dayAfter(today, 1 - WEEK_DAYS), last: today };
    default:
      return days ?? { first: today, last: today };
  }
}

export function spanOf({ first, last }: Days, zone: string): Span {
  return { from: startOf(first, zone), to: startOf(dayAfter(last, 1), zone) };
}

/** Whether the server counts the flights of these days. */
export function areCountable({ first, last }: Days): boolean {
  const days = (Date.parse(last) - Date.parse(first)) / DAY + 1;
  return days >= 1 && days <= MAX_DAYS;
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** The first instant of a day. In some zones the clock is set forward at midnight. */
function startOf(day: string, zone: string): number {
  const wall = Date.parse(`${day}T00:00:00Z`);
  const offsets = [-DAY, DAY].map((away) => wallMillis(wall + away, zone) - (wall + away));
  const instants = offsets.map((offset) => wall - offset).sort((one, other) => one - other);
  return instants.find((instant) => localDay(instant, zone) === day) ?? wall;
}
