// The times of the past in words. They are those of the board's airport.

import type { ConnectionState } from "flightboard-client";
import { boardTimeText } from "../ConnectionStatus.tsx";
import type { Language } from "../language/language.ts";
import { clockText, wallMillis } from "../time.ts";
import type { PastFault } from "./past-requests.ts";
import type { ShownPast } from "./shown-past.ts";

const DAY = 24 * 3_600_000;

/** `As of 12:03`, or that the board is not live while it has no rows. */
export function asOfText(
  { rowsAt }: ShownPast,
  now: number,
  timeZone: string | undefined,
  language: Language,
): string {
  if (rowsAt === undefined || timeZone === undefined) return language.past.notLive;
  return language.printedAt(timeAndDay(rowsAt, now, timeZone, language));
}

/** `12:03`, with the day unless it is that of `now`. */
export function timeAndDay(at: number, now: number, timeZone: string, language: Language): string {
  const [wall, today] = [wallMillis(at, timeZone), wallMillis(now, timeZone)];
  const time = clockText(at, timeZone);
  const isToday = Math.floor(wall / DAY) === Math.floor(today / DAY);
  return isToday ? time : language.joined(time, language.shortDate(wall));
}

/** Why a time cannot be shown. */
export function faultText(
  fault: PastFault,
  timeZone: string | undefined,
  language: Language,
): string {
  const { past } = language;
  if (fault.kind !== "tooOld") return past[fault.kind];
  return past.begins(boardTimeText(fault.oldest, timeZone, language));
}

/** True while the rows of the past are those of their time. */
export function isRight({ status }: ConnectionState): boolean {
  return status === "stopped";
}
