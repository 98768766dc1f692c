// The boards of the server, for pages that show more than one. Nothing tells them of a new board, so they ask.

import { isObject, type Clock, type ListedBoard } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import { listBoards } from "../api.ts";
import { store, stored } from "../stored.ts";

export const REFRESH_MILLIS = 300_000;
export const RETRY_MILLIS = 5_000;

const STORED = "boards";

export interface ListedBoards {
  /** Those that are public and open. */
  readonly boards: readonly ListedBoard[];
  /** False until the server has answered: then the boards are those of its last answer in this browser. */
  readonly isKnown: boolean;
}

export function useListedBoards(clock: Clock): ListedBoards {
  const [listed, setListed] = useState<ListedBoards>({ boards: [], isKnown: false });
  useEffect(() => {
    let isPresent = true;
    let cancel: (() => void) | undefined;
    const ask = async () => {
      const answer = await listBoards().catch(() => undefined);
      if (!isPresent) return;
      setListed((before) => listedBy(answer) ?? (before.isKnown ? before : keptBoards()));
      cancel = clock.after(answer === undefined ? RETRY_MILLIS : REFRESH_MILLIS, () => void ask());
    };
    void ask();
    return () => {
      isPresent = false;
      cancel?.();
    };
  }, [clock]);
  return listed;
}

function listedBy(answer: readonly ListedBoard[] | undefined): ListedBoards | undefined {
  if (answer === undefined) return undefined;
  const boards = answer.filter((board) => !board.private && !board.closed);
  const kept = boards.map(({ name, title, kind, airport }) => ({ name, title, kind, airport }));
  store(STORED, JSON.stringify(kept));
  return { boards, isKnown: true };
}

/** A screen that starts without its server shows the last rows of these boards, as such. */
function keptBoards(): ListedBoards {
  return { boards: readBoards(stored(STORED)), isKnown: false };
}

function readBoards(text = "[]"): ListedBoard[] {
  try {
    const boards: unknown = JSON.parse(text);
    if (!Array.isArray(boards)) return [];
    return boards
      .filter((board) => isObject(board) && typeof board.name === "string")
      .map((board) => ({ ...board, closed: false }));
  } catch {
    return [];
  }
}
