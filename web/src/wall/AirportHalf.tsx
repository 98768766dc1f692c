// One half of an airport's page: its arrivals or its departures, of one board or of several.

import { keyOf } from "flightboard-client";
import { FollowedHead } from "../BoardHead.tsx";
import { BoardPicker } from "../BoardPicker.tsx";
import { BoardRows } from "../BoardRows.tsx";
import { CitiesContext, useCities } from "../cities.ts";
import { ConnectionSign } from "../ConnectionStatus.tsx";
import type { Environment } from "../environment.ts";
import { openFlight } from "../finding/useWantedFlight.ts";
import type { Language } from "../language/language.ts";
import { boardPath, goToBoard, pageUrl } from "../route.ts";
import { BoardSourceLine } from "../SourceLine.tsx";
import { zoneOf } from "../time.ts";
import type { Half } from "./halves.ts";
import { RowsOrMessage } from "./RowsOrMessage.tsx";
import type { WallSettings } from "./settings.ts";
import { useMergedBoard, type MergedView } from "./useMergedBoard.ts";
import { WallPanel } from "./WallPanel.tsx";

interface Props {
  half: Half;
  language: Language;
  environment: Environment;
}

export function AirportHalf({ half, language, environment }: Props) {
  const view = useHalf(half, environment);
  const { followed, connection, rows, boardNow } = view;
  const { board, flights } = followed.timetable;
  const cities = useCities(board, flights, environment);
  const title = titleOf(half, view, language);
  return (
    <CitiesContext.Provider value={cities}>
      <section class="airport-board" aria-label={title}>
        <FollowedHead view={view} title={title} language={language}>
          {half.boards.length > 1 && <BoardLinks boards={half.boards} language={language} />}
          <div class="status">
            <ConnectionSign
              connection={connection}
              isSourceLate={view.isInDoubt}
              timeZone={board ? zoneOf(board) : undefined}
              language={language}
            />
            {half.boards.length === 1 && (
              <a href={pageUrl(boardPath(half.boards[0]!.name))}>{language.wall.onlyThis}</a>
            )}
          </div>
        </FollowedHead>
        <RowsOrMessage
          view={view}
          language={language}
          heading={<BoardSourceLine view={view} language={language} />}
          isEmpty={rows.length === 0}
          rowsOf={(board) => (
            <BoardRows
              board={board}
              rows={rows}
              all={rows}
              sort=""
              isNarrowed={false}
              onPick={(flight) => {
                const name = view.boardOf(keyOf(flight));
                if (name !== undefined) openFlight(name, flight);
              }}
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

interface WallProps {
  half: Half;
  /** On a page. */
  rows: number;
  settings: WallSettings;
  environment: Environment;
}

export function AirportWall({ half, ...more }: WallProps) {
  const view = useHalf(half, more.environment);
  return <WallPanel view={view} titleOf={(language) => titleOf(half, view, language)} {...more} />;
}

function useHalf({ boards }: Half, environment: Environment): MergedView {
  return useMergedBoard(
    boards.map(({ name }) => name),
    environment,
  );
}

function titleOf({ kind, boards }: Half, { followed }: MergedView, { wall }: Language): string {
  const [first, ...others] = boards;
  if (others.length > 0) return wall.kinds[kind];
  return followed.timetable.board?.title ?? first!.name;
}

/** To the pages of boards. */
export function BoardLinks({ boards, language }: Pick<Half, "boards"> & { language: Language }) {
  return (
    <BoardPicker
      boards={boards}
      current=""
      language={language}
      isLate={({ source }) => source?.status === "late"}
      onPick={goToBoard}
    />
  );
}
