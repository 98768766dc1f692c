// The plain requests about a board, each with a timeout.

import type { BoardRows, BoardSummary } from "./environment.ts";

/** Long enough for a large timetable on a slow line. */
const RESPONSE_TIMEOUT_MILLIS = 10_000;

/** By the field of a problem with the status 401, 403 or 404: no board, or no right to it. */
const REFUSALS: Record<string, BoardSummary["status"]> = {
  board: "absent",
  Authorization: "denied",
};

interface Answer {
  status: number;
  isProblem?: boolean | undefined;
  // Its members are checked where they are used.
  answer?: any;
}

/**
 * Proxies and captive portals answer too, with any status: only answers that this server alone gives are believed. The
 * status is "unknown" for anything else.
 */
export async function fetchBoard(url: string, request?: RequestInit): Promise<BoardSummary> {
  const { status, isProblem, answer } = await ask(url, request);
  const { field, closed, id: head } = answer ?? {};
  const refusal = isProblem && [401, 403, 404].includes(status) && REFUSALS[field];
  if (refusal) return { ...answer, status: refusal };
  if (status === 200 && isBoard(answer, url) && closed === Boolean(closed))
    return { ...answer, status: closed ? "closed" : "open", head };
  return { status: "unknown" };
}

/** All rows of a board. */
export async function fetchRows(url: string, request?: RequestInit): Promise<BoardRows | null> {
  const { status, answer: data } = await ask(`${url}/flights`, request);
  return status === 200 && isBoard(data?.board, url) && data.id ? { data, id: data.id } : null;
}

/** The URL ends in the board's name, whose letter case does not count. */
export function isBoard(board: { name?: unknown } | undefined, url: string): boolean {
  return url.toLowerCase().endsWith(`/${board?.name}`.toLowerCase());
}

/** The status is 0 without an answer in JSON. */
async function ask(url: string, request?: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, {
      // A cache between may have an old answer.
      cache: "no-store",
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
      ...request,
    });
    const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
    return { status: response.status, isProblem, answer: await response.json() };
  } catch {
    return { status: 0 };
  }
}
