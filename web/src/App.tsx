// The whole page: shows the board, the wall or the sign named in the URL.

import type { ComponentType } from "preact";
import { BoardPage } from "./BoardPage.tsx";
import type { Environment } from "./environment.ts";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { useFirstScreen } from "./first-screen.ts";
import { chosenTag } from "./language/choice.ts";
import { en } from "./language/en.ts";
import type { Language } from "./language/language.ts";
import { usePageLanguage } from "./language/usePageLanguage.ts";
import { useRoute, type Route } from "./route.ts";
import { useBoards } from "./useBoards.ts";
import { usePart } from "./usePart.ts";

export function App({ environment }: { environment: Environment }) {
  const route = useRoute();
  return (
    <ErrorBoundary
      tagOf={() => chosenTag(window.location.search, navigator.languages)}
      onCrash={environment.onCrash}
    >
      <Page route={route} environment={environment} />
    </ErrorBoundary>
  );
}

interface Props {
  route: Route;
  environment: Environment;
}

function Page({ route, environment }: Props) {
  useFirstScreen(route.page === "board");
  switch (route.page) {
    case "board":
      return <Board name={route.board} environment={environment} />;
    case "desk":
      return <LazyPage key="desk" name={route.board} load={loadDesk} environment={environment} />;
    case "punctuality":
      return (
        <LazyPage
          key="punctuality"
          name={route.board}
          load={loadPunctuality}
          environment={environment}
        />
      );
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

const loadDesk = async () => (await import("./desk/index.ts")).DeskWithTexts;
const loadPunctuality = async () => (await import("./punctuality/index.ts")).PunctualityWithTexts;

interface LazyPageProps {
  name: string;
  environment: Environment;
  load(): Promise<ComponentType<{ name: string; language: Language; environment: Environment }>>;
}

/** A page of a board that is fetched where it is shown. */
function LazyPage({ name, environment, load }: LazyPageProps) {
  const [language] = usePageLanguage(environment.clock);
  const Content = usePart(environment.clock, load);
  return language && Content && <Content {...{ name, language, environment }} />;
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
