// The page's plain HTTP requests, each with a timeout.

import type { BoardSummary } from "./connection.ts";
import type { ListedBoard } from "./flight.ts";
import { boardPath, urlOf } from "./route.ts";

const RESPONSE_TIMEOUT_MILLIS = 5_000;

export async function listBoards(): Promise<ListedBoard[]> {
  const response = await ask("/boards");
  const { boards } = (await response.json()) as { boards: ListedBoard[] };
  return boards;
}

export async function fetchBoard(board: string): Promise<BoardSummary> {
  try {
    const response = await ask(boardPath(board));
    if (response.status === 404) return { status: "absent" };
    const { closed, id, behind } = (await response.json()) as ListedBoard;
    return { status: closed ? "closed" : "open", head: id, behind };
  } catch {
    return { status: "unknown" };
  }
}

function ask(path: string): Promise<Response> {
  return fetch(urlOf(path), {
    // With text/html in Accept the server would answer with this page.
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
  });
}
