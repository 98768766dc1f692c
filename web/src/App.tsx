// The whole page: the board that the address names.

import type { Surroundings } from "./connection.ts";
import { BoardPage } from "./BoardPage.tsx";
import { useBoardName } from "./place.ts";
import { useBoards } from "./useBoards.ts";

export function App({ surroundings }: { surroundings: Surroundings }) {
  const name = useBoardName();
  const [boards, refreshBoards] = useBoards();
  return (
    <BoardPage
      name={name}
      boards={boards}
      refreshBoards={refreshBoards}
      surroundings={surroundings}
    />
  );
}
