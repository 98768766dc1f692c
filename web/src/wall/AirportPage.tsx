// `/airports/{code}`: the arrivals and the departures of an airport, side by side. On a very wide screen they are walls.

import type { ListedBoard } from "flightboard-client";
import { useEffect } from "preact/hooks";
import { BoardHead } from "../BoardHead.tsx";
import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { setDocumentLanguage } from "../language/usePageLanguage.ts";
import { AirportHalf, AirportWall, BoardLinks } from "./AirportHalf.tsx";
import { halvesOf } from "./halves.ts";
import { useDoubleWidth, useUsualRows } from "./screen-shape.ts";
import { MAX_FOLLOWED } from "./useFollowers.ts";
import { useListedBoards } from "./useListedBoards.ts";
import { useWallSettings } from "./useWallSettings.ts";
import { WallFrame } from "./WallFrame.tsx";
import { WallMessage } from "./WallMessage.tsx";

export function AirportPage({ code, environment }: { code: string; environment: Environment }) {
  const listed = useListedBoards(environment.clock);
  const isWall = useDoubleWidth();
  const settings = useWallSettings();
  const usualRows = useUsualRows();
  const language = settings.languages[0]!;
  const boards = listed.boards.filter(({ airport }) => airport === code);
  const halves = halvesOf(boards);
  const title = language.wall.airport(code);
  useEffect(() => {
    document.title = `${title} · flightboard`;
    setDocumentLanguage(language);
  }, [title, language]);
  if (boards.length === 0) {
    const { waiting, absent } = language.wall;
    return (
      <main>
        <WallMessage title={listed.isKnown ? absent : waiting} />
      </main>
    );
  }
  if (boards.length > MAX_FOLLOWED) return <Choice {...{ boards, title, language }} />;
  if (isWall) {
    const rows = settings.rows ?? usualRows;
    const { theme } = settings;
    return (
      <WallFrame clock={environment.clock} {...{ rows, theme, language, title }}>
        {halves.map((half) => (
          <AirportWall key={half.kind} {...{ half, rows, settings, environment }} />
        ))}
      </WallFrame>
    );
  }
  return (
    <main class="airport-boards" data-known="">
      {halves.map((half) => (
        <AirportHalf key={half.kind} {...{ half, language, environment }} />
      ))}
    </main>
  );
}

interface ChoiceProps {
  boards: readonly ListedBoard[];
  title: string;
  language: Language;
}

/** Of more boards than a browser can follow. */
function Choice({ boards, title, language }: ChoiceProps) {
  return (
    <>
      <BoardHead board={undefined} icon="globe" title={title} now={undefined} language={language}>
        <BoardLinks boards={boards} language={language} />
      </BoardHead>
      <main>
        <WallMessage title={language.wall.chooseBoard} />
      </main>
    </>
  );
}
