// The page's plain HTTP requests, each with a timeout.

import { isObject, type ListedBoard } from "flightboard-client";
import { urlOf } from "./route.ts";

const RESPONSE_TIMEOUT_MILLIS = 5_000;

/** A token was not accepted. */
export interface Refusal {
  /** The server's reason; undefined if it did not answer. */
  readonly detail: string | undefined;
}

export async function listBoards(): Promise<ListedBoard[]> {
  const response = await ask(urlOf("/boards"));
  const answer: unknown = await response.json();
  const isList = isObject(answer) && Array.isArray(answer.boards) && answer.boards.every(isListed);
  if (!isList) throw new Error(`no list of boards, but status ${response.status}`);
  return answer.boards as ListedBoard[];
}

/** The answer may come from a cache: names change only with the program. */
export async function fetchPlaces(
  codes: readonly string[],
  url = urlOf("/places"),
): Promise<ReadonlyMap<string, string>> {
  const response = await ask(`${url}?codes=${codes.join()}`, { cache: "default" });
  const answer: unknown = await response.json();
  if (!isObject(answer) || !isObject(answer.places)) {
    throw new Error(`no names of places, but status ${response.status}`);
  }
  return new Map(Object.entries(answer.places).map(([code, name]) => [code, String(name)]));
}

/**
 * Exchanges a token for a cookie that no script can read. The token is in the body: a URL would be kept in logs
 * and in the history. Returns undefined if the server accepted it.
 */
export async function signIn(token: string): Promise<Refusal | undefined> {
  try {
    const response = await ask(urlOf("/session"), {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (response.ok) return undefined;
    return { detail: detailOf(await response.json()) };
  } catch {
    return { detail: undefined };
  }
}

/** Without an answer the cookie may be left, and the board shows that. */
export async function signOut(): Promise<void> {
  await ask(urlOf("/session"), { method: "DELETE" }).catch(() => undefined);
}

function detailOf(problem: unknown): string | undefined {
  return isObject(problem) && typeof problem.detail === "string" ? problem.detail : undefined;
}

function isListed(answer: unknown): boolean {
  return isObject(answer) && typeof answer.name === "string" && typeof answer.title === "string";
}

function ask(url: string, request: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    // A cache between may have an old answer.
    cache: "no-store",
    // With text/html in Accept the server would answer with this page.
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
    ...request,
  });
}
