// The plain requests about a board, each with a timeout.

import type { BoardRows, BoardSummary } from "./environment.ts";
import { isObject } from "./events.ts";
import type { ListedBoard } from "./flight.ts";

const RESPONSE_TIMEOUT_MILLIS = 5_000;
/** Long enough for a large timetable on a slow line. Then the stream is tried. */
const ROWS_TIMEOUT_MILLIS = 15_000;

/**
 * Proxies and captive portals answer too, with any status: only what this server alone says is believed. The
 * status is "unknown" for anything else.
 */
export async function fetchBoard(url: string, request: RequestInit = {}): Promise<BoardSummary> {
  try {
    const response = await ask(url, RESPONSE_TIMEOUT_MILLIS, request);
    const answer: unknown = await response.json();
    if (response.status === 404 && isProblemOf("board", response, answer))
      return { status: "absent" };
    if (isDenial(response, answer)) {
      const { detail } = answer as { detail?: unknown };
      return { status: "denied", detail: typeof detail === "string" ? detail : undefined };
    }
    if (response.status !== 200 || !isBoard(answer, url)) return { status: "unknown" };
    const { closed, reason, id, behind } = answer as ListedBoard;
    if (typeof closed !== "boolean") return { status: "unknown" };
    return { status: closed ? "closed" : "open", reason, head: id, behind };
  } catch {
    return { status: "unknown" };
  }
}

/** The rows of a board. None for one without rows: it may be closed, which its stream tells. */
export async function fetchRows(
  url: string,
  request: RequestInit = {},
): Promise<BoardRows | undefined> {
  try {
    const response = await ask(`${url}/flights`, ROWS_TIMEOUT_MILLIS, request);
    const data = await response.json();
    const { board, id, flights } = data;
    const isAnswer = response.status === 200 && isBoard(board, url) && typeof id === "string";
    return isAnswer && flights.length > 0 ? { data, id } : undefined;
  } catch {
    return undefined;
  }
}

/** A token is missing, of no use, or gives no right to this board. */
function isDenial(response: Response, answer: unknown): boolean {
  const isRefused = response.status === 401 || response.status === 403;
  return isRefused && isProblemOf("Authorization", response, answer);
}

function isProblemOf(field: string, response: Response, answer: unknown): boolean {
  const type = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  return type === "application/problem+json" && isObject(answer) && answer.field === field;
}

/** The last part of the URL is the board's name, whose letter case does not count. */
function isBoard(answer: unknown, url: string): boolean {
  const { name } = isObject(answer) ? answer : {};
  const asked = url.slice(url.lastIndexOf("/") + 1);
  return typeof name === "string" && name.toLowerCase() === decodeURIComponent(asked).toLowerCase();
}

function ask(url: string, timeoutMillis: number, request: RequestInit): Promise<Response> {
  return fetch(url, {
    // A cache between may have an old answer.
    cache: "no-store",
    // With text/html in Accept the server would answer with its page.
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(timeoutMillis),
    ...request,
  });
}
