// The whole page: shows the board named in the URL.

import { BoardPage } from "./BoardPage.tsx";
import type { Environment } from "./environment.ts";
import { useBoardName } from "./route.ts";
import { useBoards } from "./useBoards.ts";

export function App({ environment }: { environment: Environment }) {
  const name = useBoardName();
  const [boards, refreshBoards] = useBoards();
  return (
    <BoardPage
      name={name}
      boards={boards}
      refreshBoards={refreshBoards}
      environment={environment}
    />
  );
}
