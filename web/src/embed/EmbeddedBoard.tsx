// A board inside of a page of others: its head, its rows, and whether they are right.

import { keyOf, type Board, type FlightKey } from "flightboard-client";
import { useMemo, useRef, useState } from "preact/hooks";
import { FollowedHead } from "../BoardHead.tsx";
import { BoardRows } from "../BoardRows.tsx";
import { CitiesContext, useCities, type CitySource } from "../cities.ts";
import { ConnectionStatus } from "../ConnectionStatus.tsx";
import { NothingFound } from "../finding/NothingFound.tsx";
import { ResultCount } from "../finding/ResultCount.tsx";
import { QueryContext } from "../finding/search.ts";
import { SearchField } from "../finding/SearchField.tsx";
import type { Language } from "../language/language.ts";
import { FlightSheet } from "../rows/FlightSheet.tsx";
import { BoardSourceLine } from "../SourceLine.tsx";
import { useBoardView, type FollowedBoard } from "../useFollowedBoard.ts";
import { RowsOrMessage } from "../wall/RowsOrMessage.tsx";
import { WallMessage } from "../wall/WallMessage.tsx";
import { optionFor, useOriginRefusal } from "./origin-refusal.ts";
import type { BoardAddress, EmbedSettings } from "./settings.ts";
import { useSharedFollower, type SharedFollowers } from "./shared-followers.ts";
import { useElementRows, type ElementRows } from "./useElementRows.ts";

interface Props {
  address: BoardAddress;
  settings: EmbedSettings;
  language: Language;
  shared: SharedFollowers;
  places: CitySource;
}

export function EmbeddedBoard({ address, settings, language, shared, places }: Props) {
  const view = useBoardView(useSharedFollower(address.url, shared), places.clock);
  const { followed, connection, boardNow } = view;
  const { flights } = followed.timetable;
  const board = useColumns(followed.timetable.board, settings.columns);
  const cities = useCities(board, flights, places);
  const rows = useElementRows(board, view.rows, boardNow, cities, settings);
  const [picked, pick] = useState<FlightKey>();
  const open = picked && view.rows.find(({ key }) => key === keyOf(picked));
  const isWaiting = connection.status === "reconnecting" && board === null;
  const isRefused = useOriginRefusal(address, isWaiting, places.clock);
  const title = board?.title ?? address.name;
  const hasSearch = settings.hasSearch && board !== null;
  return (
    <CitiesContext.Provider value={cities}>
      <section aria-label={title}>
        <FollowedHead view={view} title={title} language={language} level="h2">
          {hasSearch && (
            <SearchField
              query={rows.query}
              language={language}
              hasKey={false}
              onSearch={rows.search}
            />
          )}
          <ConnectionStatus view={view} language={language} />
        </FollowedHead>
        <RowsOrMessage
          view={view}
          language={language}
          instead={isRefused ? <Refusal board={address} language={language} /> : undefined}
          heading={<BoardSourceLine view={view} language={language} />}
          isEmpty={rows.shown.length === 0 && !rows.isNarrowed}
          rowsOf={(shown) => (
            <FoundRows {...{ view, rows, language }} board={board ?? shown} onPick={pick} />
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

interface RowsProps {
  view: FollowedBoard;
  board: Board;
  rows: ElementRows;
  language: Language;
  onPick(flight: FlightKey): void;
}

function FoundRows({ view, board, rows, language, onPick }: RowsProps) {
  const { query, isNarrowed, found, shown, search } = rows;
  const results = useRef<HTMLDivElement>(null);
  const clear = () => {
    search("");
    const section = results.current?.closest("section");
    section?.querySelector<HTMLElement>("input[type=search]")?.focus();
  };
  return (
    <QueryContext.Provider value={query}>
      <div ref={results}>
        <ResultCount
          finding={{ found, isNarrowed, clear }}
          filters={query}
          now={view.boardNow}
          language={language}
        />
      </div>
      {shown.length === 0 && isNarrowed ? (
        <NothingFound query={query} language={language} onClear={clear} />
      ) : (
        <BoardRows
          board={board}
          rows={shown}
          all={view.rows}
          sort=""
          isNarrowed={isNarrowed}
          onPick={onPick}
          now={view.boardNow}
          language={language}
          highlights={view.followed.highlights}
        />
      )}
    </QueryContext.Provider>
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
