// The few questions that the page asks beside its stream. Each answer is awaited for a bounded time.

import type { BoardNow } from "./connection.ts";
import type { ListedBoard } from "./flight.ts";

const ANSWER_MILLIS = 5_000;

export async function listBoards(): Promise<ListedBoard[]> {
  const response = await ask("/boards");
  const { boards } = (await response.json()) as { boards: ListedBoard[] };
  return boards;
}

export async function askBoard(board: string): Promise<BoardNow> {
  try {
    const response = await ask(boardPath(board));
    if (response.status === 404) return { fate: "absent" };
    const { closed, id, behind } = (await response.json()) as ListedBoard;
    return { fate: closed ? "closed" : "open", head: id, behind };
  } catch {
    return { fate: "unknown" };
  }
}

export function boardPath(board: string): string {
  return `/boards/${encodeURIComponent(board)}`;
}

function ask(path: string): Promise<Response> {
  return fetch(path, {
    // Anything with text/html in it would be answered with this very page.
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(ANSWER_MILLIS),
  });
}
