// The boards of the server, for pages that show more than one. Nothing tells them of a new board, so they ask.

import type { Clock, ListedBoard } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import { listBoards } from "../api.ts";

export const REFRESH_MILLIS = 300_000;
export const RETRY_MILLIS = 5_000;

/** Undefined until the server has answered. */
export function useListedBoards(clock: Clock): readonly ListedBoard[] | undefined {
  const [boards, setBoards] = useState<readonly ListedBoard[]>();
  useEffect(() => {
    let isPresent = true;
    let cancel: (() => void) | undefined;
    const ask = async () => {
      const answer = await listBoards().catch(() => undefined);
      if (!isPresent) return;
      if (answer !== undefined)
        setBoards(answer.filter((board) => !board.private && !board.closed));
      cancel = clock.after(answer === undefined ? RETRY_MILLIS : REFRESH_MILLIS, () => void ask());
    };
    void ask();
    return () => {
      isPresent = false;
      cancel?.();
    };
  }, [clock]);
  return boards;
}
