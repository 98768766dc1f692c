// The page's plain HTTP requests, each with a timeout.

import { type BoardSummary, isObject, type ListedBoard } from "flightboard-client";
import { boardPath, urlOf } from "./route.ts";

const RESPONSE_TIMEOUT_MILLIS = 5_000;

const NO_ANSWER = "the server did not answer, try again";

export async function listBoards(): Promise<ListedBoard[]> {
  const response = await ask("/boards");
  const answer: unknown = await response.json();
  const isList = isObject(answer) && Array.isArray(answer.boards) && answer.boards.every(isListed);
  if (!isList) throw new Error(`no list of boards, but status ${response.status}`);
  return answer.boards as ListedBoard[];
}

/**
 * Proxies and captive portals answer too, with any status: only what this server alone says is believed. The
 * status is "unknown" for anything else.
 */
export async function fetchBoard(board: string): Promise<BoardSummary> {
  try {
    const response = await ask(boardPath(board));
    const answer: unknown = await response.json();
    if (response.status === 404 && isProblemOf("board", response, answer))
      return { status: "absent" };
    if (isDenial(response, answer)) return { status: "denied", detail: detailOf(answer) };
    if (response.status !== 200 || !isBoard(answer, board)) return { status: "unknown" };
    const { closed, id, behind } = answer;
    return { status: closed ? "closed" : "open", head: id, behind };
  } catch {
    return { status: "unknown" };
  }
}

/**
 * Exchanges a token for a cookie that no script can read. The token is in the body: a URL would be kept in logs
 * and in the history. Returns why the server did not accept it, if it did not.
 */
export async function signIn(token: string): Promise<string | undefined> {
  try {
    const response = await ask("/session", {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (response.ok) return undefined;
    return detailOf(await response.json()) ?? NO_ANSWER;
  } catch {
    return NO_ANSWER;
  }
}

/** Without an answer the cookie may be left, and the board shows that. */
export async function signOut(): Promise<void> {
  await ask("/session", { method: "DELETE" }).catch(() => undefined);
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

function detailOf(problem: unknown): string | undefined {
  return isObject(problem) && typeof problem.detail === "string" ? problem.detail : undefined;
}

function isBoard(answer: unknown, board: string): answer is ListedBoard {
  if (!isObject(answer) || typeof answer.name !== "string") return false;
  const isAsked = answer.name.toLowerCase() === board.toLowerCase();
  return isAsked && typeof answer.closed === "boolean";
}

function isListed(answer: unknown): boolean {
  return isObject(answer) && typeof answer.name === "string" && typeof answer.title === "string";
}

function ask(path: string, request: RequestInit = {}): Promise<Response> {
  return fetch(urlOf(path), {
    // A cache between may have an old answer.
    cache: "no-store",
    // With text/html in Accept the server would answer with this page.
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
    ...request,
  });
}
