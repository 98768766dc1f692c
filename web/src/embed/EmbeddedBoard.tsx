// A board inside of a page of others: its head, its rows, and whether they are right.

import { keyOf, type Board, type FlightKey } from "flightboard-client";
import { useMemo, useState } from "preact/hooks";
import { BoardHead } from "../BoardHead.tsx";
import { BoardRows } from "../BoardRows.tsx";
import { CitiesContext, useCities, type CitySource } from "../cities.ts";
import { ConnectionStatus } from "../ConnectionStatus.tsx";
import type { Language } from "../language/language.ts";
import { FlightSheet } from "../rows/FlightSheet.tsx";
import type { SortedRow } from "../rows/order.ts";
import { SourceLine } from "../SourceLine.tsx";
import { zoneOf } from "../time.ts";
import { useBoardView } from "../useFollowedBoard.ts";
import { RowsOrMessage } from "../wall/RowsOrMessage.tsx";
import { WallMessage } from "../wall/WallMessage.tsx";
import { optionFor, useOriginRefusal } from "./origin-refusal.ts";
import type { BoardAddress, EmbedSettings } from "./settings.ts";
import { useSharedFollower, type SharedFollowers } from "./shared-followers.ts";

interface Props {
  address: BoardAddress;
  settings: EmbedSettings;
  language: Language;
  shared: SharedFollowers;
  places: CitySource;
}

export function EmbeddedBoard({ address, settings, language, shared, places }: Props) {
  const view = useBoardView(useSharedFollower(address.url, shared), places.clock);
  const { followed, follower, connection, boardNow } = view;
  const { source, flights } = followed.timetable;
  const board = useColumns(followed.timetable.board, settings.columns);
  const rows = useRowsFromNow(view.rows, boardNow, settings.rows);
  const cities = useCities(board, flights, places);
  const [picked, pick] = useState<FlightKey>();
  const open = picked && view.rows.find(({ key }) => key === keyOf(picked));
  const isWaiting = connection.status === "reconnecting" && board === null;
  const isRefused = useOriginRefusal(address, isWaiting, places.clock);
  const title = board?.title ?? address.name;
  const timeZone = board ? zoneOf(board) : undefined;
  return (
    <CitiesContext.Provider value={cities}>
      <section aria-label={title}>
        <BoardHead
          board={board ?? undefined}
          title={title}
          now={followed.clockOffset === undefined ? undefined : boardNow}
          language={language}
          level="h2"
        >
          <ConnectionStatus
            connection={connection}
            isSourceLate={view.isInDoubt}
            timeZone={timeZone}
            onStop={follower.stop}
            onResume={follower.resume}
            onSignOut={undefined}
            language={language}
          />
        </BoardHead>
        <RowsOrMessage
          view={view}
          language={language}
          instead={isRefused ? <Refusal board={address} language={language} /> : undefined}
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
          rowsOf={(shown) => (
            <BoardRows
              board={board ?? shown}
              rows={rows}
              all={view.rows}
              sort=""
              isNarrowed={false}
              onPick={pick}
              now={boardNow}
              language={language}
              highlights={followed.highlights}
            />
          )}
        />
        {board && open && (
          <FlightSheet
            key={open.key}
            flight={open.flight}
            context={{ board, language, now: boardNow }}
            onClose={() => pick(undefined)}
          >
            {null}
          </FlightSheet>
        )}
      </section>
    </CitiesContext.Provider>
  );
}

/** The same object until the board changes, so that rows can compare it by identity. */
function useColumns(board: Board | null, columns: EmbedSettings["columns"]): Board | null {
  const names = columns?.join();
  return useMemo(
    () => (board && names !== undefined ? { ...board, columns: names.split(",") } : board),
    [board, names],
  );
}

function useRowsFromNow(
  rows: readonly SortedRow[],
  now: number,
  count: number | undefined,
): readonly SortedRow[] {
  return useMemo(
    () => (count === undefined ? rows : rows.filter(({ overAt }) => overAt > now).slice(0, count)),
    [rows, now, count],
  );
}

function Refusal({ board, language }: { board: BoardAddress; language: Language }) {
  const { origin } = window.location;
  const { refused, refusedHelp } = language.embed;
  return (
    <WallMessage
      title={refused(origin)}
      text={refusedHelp(new URL(board.url).host, optionFor(origin))}
    />
  );
}
