// The list of boards. It is fetched when there is a reason, not periodically: screens on a wall would poll
// for an answer that no one reads.

import { useCallback, useEffect, useState } from "preact/hooks";
import { listBoards } from "./api.ts";
import type { ListedBoard } from "flightboard-client";

export function useBoards(): [boards: readonly ListedBoard[], refresh: () => void] {
  const [boards, setBoards] = useState<readonly ListedBoard[]>([]);
  const refresh = useCallback(() => {
    // Without the list the current board keeps working.
    listBoards().then(setBoards, () => undefined);
  }, []);
  useEffect(() => {
    window.addEventListener("focus", refresh);
    return () => window.removeEventListener("focus", refresh);
  }, [refresh]);
  return [boards, refresh];
}
