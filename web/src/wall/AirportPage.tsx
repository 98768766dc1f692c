// `/airports/{code}`: the arrivals and the departures of an airport, side by side. On a very wide screen they are walls.

import type { ListedBoard } from "flightboard-client";
import { useEffect } from "preact/hooks";
import { BoardRows } from "../BoardRows.tsx";
import { BoardHead } from "../BoardHead.tsx";
import { CitiesContext, useCities } from "../cities.ts";
import { ConnectionSign } from "../ConnectionStatus.tsx";
import type { Environment } from "../environment.ts";
import { openFlight } from "../finding/useWantedFlight.ts";
import type { Language } from "../language/language.ts";
import { setDocumentLanguage } from "../language/usePageLanguage.ts";
import { boardPath, urlOf } from "../route.ts";
import { SourceLine } from "../SourceLine.tsx";
import { zoneOf } from "../time.ts";
import { useFollowedBoard } from "../useFollowedBoard.ts";
import { RowsOrMessage } from "./RowsOrMessage.tsx";
import { useDoubleWidth, useUsualRows } from "./screen-shape.ts";
import { MAX_FOLLOWED } from "./useFollowers.ts";
import { useListedBoards } from "./useListedBoards.ts";
import { useWallSettings } from "./useWallSettings.ts";
import { WallFrame } from "./WallFrame.tsx";
import { WallMessage } from "./WallMessage.tsx";
import { WallPanel } from "./WallPanel.tsx";

export function AirportPage({ code, environment }: { code: string; environment: Environment }) {
  const listed = useListedBoards(environment.clock);
  const isWall = useDoubleWidth();
  const settings = useWallSettings();
  const usualRows = useUsualRows();
  const language = settings.languages[0]!;
  const boards = (listed ?? [])
    .filter(({ airport }) => airport === code)
    .sort((one, other) => compare(one.kind, other.kind) || compare(one.name, other.name));
  const title = language.wall.airport(code);
  useEffect(() => {
    document.title = `${title} · flightboard`;
    setDocumentLanguage(language);
  }, [title, language]);
  if (boards.length === 0) {
    const { waiting, absent } = language.wall;
    return (
      <main>
        <WallMessage title={listed === undefined ? waiting : absent} />
      </main>
    );
  }
  if (isWall) {
    const rows = settings.rows ?? usualRows;
    return (
      <WallFrame
        clock={environment.clock}
        rows={rows}
        theme={settings.theme}
        language={language}
        title={title}
      >
        {onePerKind(boards).map(({ name }) => (
          <WallPanel
            key={name}
            name={name}
            rows={rows}
            settings={settings}
            environment={environment}
          />
        ))}
      </WallFrame>
    );
  }
  return (
    <main class="airport-boards" data-known="">
      {boards.slice(0, MAX_FOLLOWED).map(({ name }) => (
        <AirportBoard key={name} name={name} language={language} environment={environment} />
      ))}
    </main>
  );
}

interface BoardProps {
  name: string;
  language: Language;
  environment: Environment;
}

function AirportBoard({ name, language, environment }: BoardProps) {
  const view = useFollowedBoard(name, environment);
  const { followed, connection, rows, boardNow } = view;
  const { board, source, flights } = followed.timetable;
  const cities = useCities(board, flights, environment);
  const title = board?.title ?? name;
  return (
    <CitiesContext.Provider value={cities}>
      <section class="airport-board" aria-label={title}>
        <BoardHead
          board={board ?? undefined}
          title={title}
          now={followed.clockOffset === undefined ? undefined : boardNow}
          language={language}
        >
          <div class="status">
            <ConnectionSign
              connection={connection}
              isSourceLate={view.isInDoubt}
              timeZone={board ? zoneOf(board) : undefined}
              language={language}
            />
            <a href={urlOf(boardPath(name))}>{language.wall.onlyThis}</a>
          </div>
        </BoardHead>
        <RowsOrMessage
          view={view}
          language={language}
          heading={
            board &&
            source && (
              <SourceLine
                source={source}
                now={view.now}
                timeZone={zoneOf(board)}
                language={language}
              />
            )
          }
          isEmpty={rows.length === 0}
          rowsOf={(board) => (
            <BoardRows
              board={board}
              rows={rows}
              all={rows}
              sort=""
              isNarrowed={false}
              onPick={(flight) => openFlight(name, flight)}
              now={boardNow}
              language={language}
              highlights={followed.highlights}
            />
          )}
        />
      </section>
    </CitiesContext.Provider>
  );
}

/** Two walls side by side: the first board of each kind. */
function onePerKind(boards: readonly ListedBoard[]): ListedBoard[] {
  const kinds = new Map<string, ListedBoard>();
  for (const board of boards) if (!kinds.has(board.kind)) kinds.set(board.kind, board);
  return [...kinds.values()];
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
