// The whole page: shows the board, the wall or the sign named in the URL.

import { BoardPage } from "./BoardPage.tsx";
import type { Environment } from "./environment.ts";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { en } from "./language/en.ts";
import { usePageLanguage } from "./language/usePageLanguage.ts";
import { useRoute, type Route } from "./route.ts";
import { useBoards } from "./useBoards.ts";
import { usePart } from "./usePart.ts";

export function App({ environment }: { environment: Environment }) {
  const route = useRoute();
  return (
    <ErrorBoundary language={en} onCrash={environment.onCrash}>
      <Page route={route} environment={environment} />
    </ErrorBoundary>
  );
}

interface Props {
  route: Route;
  environment: Environment;
}

function Page({ route, environment }: Props) {
  switch (route.page) {
    case "board":
      return <Board name={route.board} environment={environment} />;
    case "desk":
      return <Desk name={route.board} environment={environment} />;
    case "unknown":
      return (
        <main>
          <p class="waiting">{en.wall.noPage}</p>
        </main>
      );
    default:
      return <PublicScreen route={route} environment={environment} />;
  }
}

function Board({ name, environment }: { name: string; environment: Environment }) {
  const [boards, refreshBoards] = useBoards();
  const [language, chooseLanguage] = usePageLanguage(environment.clock);
  return (
    language && (
      <BoardPage
        name={name}
        boards={boards}
        language={language}
        onLanguage={chooseLanguage}
        refreshBoards={refreshBoards}
        environment={environment}
      />
    )
  );
}

const loadDesk = async () => {
  const { DeskWithTexts } = await import("./desk/index.ts");
  return DeskWithTexts;
};

function Desk({ name, environment }: { name: string; environment: Environment }) {
  const [language] = usePageLanguage(environment.clock);
  const DeskWithTexts = usePart(environment.clock, loadDesk);
  return (
    language &&
    DeskWithTexts && <DeskWithTexts name={name} language={language} environment={environment} />
  );
}

const loadWalls = async () => {
  const walls = await import("./wall/index.ts");
  await walls.loadLanguages(window.location.search, navigator.languages);
  return walls;
};

function PublicScreen({ route, environment }: Props) {
  const walls = usePart(environment.clock, loadWalls);
  if (walls === undefined) return null;
  switch (route.page) {
    case "wall":
      return <walls.WallPage name={route.board} environment={environment} />;
    case "gate":
      return <walls.SignPage field="gate" value={route.gate} environment={environment} />;
    case "belt":
      return <walls.SignPage field="belt" value={route.belt} environment={environment} />;
    case "airport":
      return <walls.AirportPage code={route.code} environment={environment} />;
    default:
      return null;
  }
}
