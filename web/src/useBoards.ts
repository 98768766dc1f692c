// The list of boards. It is asked for anew when there is a reason to, not by the clock: a thousand screens
// on a wall need no answer that nobody reads.

import { useCallback, useEffect, useState } from "react";
import { listBoards } from "./api.ts";
import type { ListedBoard } from "./flight.ts";

export function useBoards(): [boards: readonly ListedBoard[], refresh: () => void] {
  const [boards, setBoards] = useState<readonly ListedBoard[]>([]);
  const refresh = useCallback(() => {
    // The list only helps to find other boards; without it the chosen one goes on.
    listBoards().then(setBoards, () => undefined);
  }, []);
  useEffect(() => {
    window.addEventListener("focus", refresh);
    return () => window.removeEventListener("focus", refresh);
  }, [refresh]);
  return [boards, refresh];
}
