// The age of a board's source, which differs from the age of the connection: the server may be reached while
// its source is not.

import { type BoardSource, parseInstant } from "flightboard-client";
import type { Language } from "./language/language.ts";
import { dayAndTime } from "./time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Whether the rows may be outdated at `now`, the server's time, if it is known. The server marks a source that stays
 * silent as late, with a delay. A source that fails keeps that status; its last answer is good for a while.
 */
export function isLate(source: BoardSource, now: number | undefined): boolean {
  if (source.status === "late") return true;
  const goodUntil = goodUntilOf(source);
  if (goodUntil === undefined || now === undefined) return source.status !== "current";
  return now > goodUntil;
}

/** The age of the last answer at `now`, or its time if `now` is not known; undefined before the first answer. */
export function ageText(
  source: BoardSource,
  now: number | undefined,
  timeZone: string,
  language: Language,
): string | undefined {
  const answered = parseInstant(source.lastAnswer);
  return answered === undefined ? undefined : agoText(answered, now, timeZone, language);
}

/** The time from `instant` to `now`, or the instant itself if `now` is not known. */
export function agoText(
  instant: number,
  now: number | undefined,
  timeZone: string,
  language: Language,
): string {
  if (now === undefined) return dayAndTime(instant, timeZone, language);
  const age = now - instant;
  if (age < MINUTE) return language.lessThanMinuteAgo;
  if (age < HOUR) return language.ago(Math.floor(age / MINUTE), "minute");
  if (age < DAY) return language.ago(Math.floor(age / HOUR), "hour");
  return language.ago(Math.floor(age / DAY), "day");
}

/** Milliseconds until `ageText` or `isLate` gives another result; undefined if there is no answer to grow old. */
export function untilNextChange(source: BoardSource, now: number): number | undefined {
  const answered = parseInstant(source.lastAnswer);
  if (answered === undefined) return undefined;
  const age = now - answered;
  const minute = age < 0 ? MINUTE - age : MINUTE - (age % MINUTE);
  const late = (goodUntilOf(source) ?? now) + 1 - now;
  return late > 0 ? Math.min(minute, late) : minute;
}

function goodUntilOf({ lastAnswer, lateAfter }: BoardSource): number | undefined {
  const answered = parseInstant(lastAnswer);
  return answered === undefined || lateAfter === undefined
    ? undefined
    : answered + lateAfter * 1_000;
}
