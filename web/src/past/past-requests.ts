// The requests about the past of a board.

import {
  apply,
  isBoard,
  isObject,
  parseInstant,
  readEvent,
  unknownTimetable,
} from "flightboard-client";
import type { Timetable } from "flightboard-client";
import { timeText } from "./past-time.ts";

/** Long enough for a large timetable on a slow line. */
const RESPONSE_TIMEOUT_MILLIS = 10_000;

/** Why a time of the past cannot be shown. */
export type PastFault =
  /** The history begins at `oldest`. */
  | { readonly kind: "tooOld"; readonly oldest: number }
  /** Too many readers ask for the past. */
  | { readonly kind: "busy" }
  /** The server does not answer, or a proxy answers in its place. */
  | { readonly kind: "lost" }
  /** The reader has no right to it, or the server has no such board. */
  | { readonly kind: "denied" }
  /** The server has no answer for this time. */
  | { readonly kind: "refused" };

/** True if another attempt may succeed. */
export function isTemporary({ kind }: PastFault): boolean {
  return kind === "busy" || kind === "lost";
}

/** The rows as of a time, or why there are none. `url` is that of the board. */
export async function fetchPastRows(url: string, at: number): Promise<Timetable | PastFault> {
  const response = await ask(`${url}/flights?at=${timeText(at)}`);
  if (response?.status !== 200) return faultOf(response);
  const event = readEvent("timetable", await response.text().catch(() => ""));
  if (event?.name !== "timetable" || !isBoard(event.data.board, url)) return { kind: "lost" };
  return apply(unknownTimetable, event);
}

/** True for rows, and not for a fault. */
export function isTimetable(answer: Timetable | PastFault): answer is Timetable {
  return "flights" in answer;
}

/**
 * The oldest time that can be had. The server refuses an older one without reading any rows, and names it in its
 * answer, which is the fault `tooOld`.
 */
export async function fetchOldestTime(url: string): Promise<PastFault> {
  return faultOf(await ask(`${url}/flights?at=${timeText(0)}`));
}

/** Why a stream was refused; undefined if it is not refused any more. An EventSource does not tell. */
export async function fetchRefusal(streamUrl: string): Promise<PastFault | undefined> {
  const response = await ask(streamUrl);
  if (response?.status !== 200) return faultOf(response);
  await response.body?.cancel();
  return undefined;
}

/** Undefined without an answer. */
function ask(url: string): Promise<Response | undefined> {
  return fetch(url, {
    // A cache between may have an old answer.
    cache: "no-store",
    headers: { Accept: "application/json, text/event-stream" },
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
  }).catch(() => undefined);
}

async function faultOf(response: Response | undefined): Promise<PastFault> {
  switch (response?.status) {
    case 410: {
      const problem: unknown = await response.json().catch(() => undefined);
      const text = isObject(problem) && typeof problem.oldest === "string" && problem.oldest;
      const oldest = parseInstant(text || undefined);
      return oldest === undefined ? { kind: "refused" } : { kind: "tooOld", oldest };
    }
    case 401:
    case 403:
    case 404:
      return { kind: "denied" };
    case 204:
    case 400:
      return { kind: "refused" };
    case 503:
      return { kind: "busy" };
    default:
      return { kind: "lost" };
  }
}
