// One board: header, connection status, rows or a placeholder, and a notice when the rows may be stale.

import { useCallback, useEffect, useMemo } from "preact/hooks";
import { Announcer } from "./Announcer.tsx";
import { useAnnouncements, type Announcements } from "./announcements.ts";
import { CitiesContext, useCities } from "./cities.ts";
import { BoardHead } from "./BoardHead.tsx";
import { BoardPicker } from "./BoardPicker.tsx";
import type {
  Board,
  BoardSource,
  ConnectionState,
  FlightKey,
  ListedBoard,
} from "flightboard-client";
import type { Environment } from "./environment.ts";
import { StaleNotice } from "./StaleNotice.tsx";
import { AbsentBoard, ClosedBoard, EmptyBoard } from "./EmptyBoard.tsx";
import type { FollowerState } from "./follower.ts";
import type { Language } from "./language/language.ts";
import type { LanguageTag } from "./language/languages.ts";
import { languageOfScript } from "./language/script.ts";
import { goToBoard } from "./route.ts";
import { FilterChips } from "./finding/FilterChips.tsx";
import { FlightDialog } from "./finding/FlightDialog.tsx";
import { NothingFound } from "./finding/NothingFound.tsx";
import { ResultCount } from "./finding/ResultCount.tsx";
import { QueryContext } from "./finding/search.ts";
import { SearchField } from "./finding/SearchField.tsx";
import { useFinding, type Finding } from "./finding/useFinding.ts";
import { openFlight, useWantedFlight } from "./finding/useWantedFlight.ts";
import { FollowedCards } from "./following/FollowedCards.tsx";
import { useFollowed, type Followed } from "./following/useFollowed.ts";
import { isLate } from "./source.ts";
import { PrintedHead } from "./PrintedHead.tsx";
import { SettingsButton } from "./SettingsButton.tsx";
import { SignIn } from "./SignIn.tsx";
import { LastUpdateLine, SourceLine } from "./SourceLine.tsx";
import { zoneOf } from "./time.ts";
import { BoardRows } from "./BoardRows.tsx";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import type { SortedRow } from "./rows/order.ts";
import { useFollowedBoard } from "./useFollowedBoard.ts";

interface Props {
  name: string;
  boards: readonly ListedBoard[];
  language: Language;
  onLanguage(tag: LanguageTag): void;
  refreshBoards(): void;
  environment: Environment;
}

export function BoardPage(props: Props) {
  const { name, boards, language, refreshBoards, environment } = props;
  const view = useFollowedBoard(name, environment);
  const { followed, follower, connection, rows, boardNow, minute, now } = view;
  const { lateSource, overdueSince, isInDoubt, isLive } = view;
  const { timetable, clockOffset, lastUpdate } = followed;
  const board = timetable.board ?? boards.find((listed) => listed.name === name);
  const title = board?.title ?? name;

  const { source } = timetable;

  // Refresh the list when this board appears, changes its settings or ends: its entry is outdated then.
  const ended = ["closed", "absent", "denied"].includes(connection.status);
  const isSourceLate = lateSource !== undefined;
  useEffect(() => {
    if (timetable.board !== null || ended) refreshBoards();
  }, [refreshBoards, timetable.board, ended, isSourceLate]);

  const cities = useCities(timetable.board, timetable.flights, environment);
  const finding = useFinding(timetable.board, rows, boardNow, cities);
  const context = useMemo(
    () => (timetable.board ? { board: timetable.board, language, now: boardNow } : undefined),
    [timetable.board, language, boardNow],
  );
  const [announcements, chooseAnnouncements] = useAnnouncements();
  const isTimeKnown = clockOffset !== undefined;
  const followedFlights = useFollowed(name, rows, { context, cities, isTimeKnown });
  const signOut = async () => {
    await environment.signOut();
    await follower.changeAccess();
  };
  const signIn = async (token: string) => {
    const refusal = await environment.signIn(token);
    if (refusal === undefined) await follower.changeAccess();
    return refusal;
  };

  const followedTitle = isLive ? followedFlights.title : undefined;
  useEffect(() => {
    document.title = followedTitle ?? `${title} · flightboard`;
  }, [followedTitle, title]);

  return (
    <CitiesContext.Provider value={cities}>
      <BoardHead
        board={board}
        title={title}
        now={clockOffset === undefined ? undefined : boardNow}
        language={language}
      >
        {!ended && (
          <SearchField
            query={finding.filters.q}
            language={language}
            onSearch={(q) => finding.change({ q })}
          />
        )}
        {boards.length > 1 && (
          <BoardPicker
            boards={boards}
            current={name}
            language={language}
            isLate={(listed) =>
              listed.name === board?.name ? isSourceLate : wasListedLate(listed, now)
            }
            onPick={goToBoard}
          />
        )}
        <ConnectionStatus
          connection={connection}
          isSourceLate={isInDoubt}
          timeZone={board && zoneOf(board)}
          language={language}
          onStop={follower.stop}
          onResume={follower.resume}
          onSignOut={board?.private ? signOut : undefined}
        />
      </BoardHead>
      <main
        data-connecting={connection.status === "connecting" ? "" : undefined}
        data-known={isLive || connection.status === "closed" ? "" : undefined}
      >
        {board?.note && (
          <p class="note" dir="auto" lang={languageOfScript(board.note)}>
            {board.note}
          </p>
        )}
        <div class="top">
          {board && source && timetable.closed === null && (
            <SourceLine source={source} now={now} timeZone={zoneOf(board)} language={language} />
          )}
          {timetable.board && source === null && timetable.closed === null && !ended && (
            <LastUpdateLine
              lastUpdate={lastUpdate}
              now={now ?? minute}
              timeZone={zoneOf(timetable.board)}
              language={language}
            />
          )}
          {/* A board that is closed has no controls. */}
          {connection.status !== "closed" && (
            <SettingsButton
              language={language}
              onLanguage={props.onLanguage}
              announcements={announcements}
              onAnnouncements={chooseAnnouncements}
            />
          )}
        </div>
        {connection.status === "denied" ? (
          <SignIn
            hadRows={connection.hadRows}
            detail={connection.detail}
            language={language}
            onSignIn={signIn}
          />
        ) : (
          <Rows
            key={name}
            name={name}
            followed={followed}
            language={language}
            connection={connection}
            rows={rows}
            now={boardNow}
            lateSource={lateSource}
            overdueSince={overdueSince}
            finding={finding}
            followedFlights={followedFlights}
            announcements={announcements}
          />
        )}
      </main>
    </CitiesContext.Provider>
  );
}

/** The list is not fetched again and again, so the age of a source that was not late then says nothing. */
function wasListedLate({ source }: ListedBoard, now: number | undefined): boolean {
  return source !== undefined && source.status !== "current" && isLate(source, now);
}

interface RowsProps {
  name: string;
  language: Language;
  followed: FollowerState;
  connection: ConnectionState;
  rows: readonly SortedRow[];
  now: number;
  lateSource: BoardSource | undefined;
  /** The last update, if the next one is overdue. */
  overdueSince: number | undefined;
  finding: Finding;
  followedFlights: Followed;
  announcements: Announcements;
}

function Rows(props: RowsProps) {
  const { name, language, followed, connection, lateSource, overdueSince } = props;
  const { timetable, changes } = followed;
  const { board, flights } = timetable;
  if (connection.status === "closed") {
    return <ClosedBoard reason={connection.reason} language={language} />;
  }
  // A board that was closed has no rows to show until it is live again.
  if (board === null || timetable.closed !== null) {
    return connection.status === "absent" ? (
      <AbsentBoard name={name} language={language} />
    ) : (
      <p class="waiting">{waitingText(connection, language)}</p>
    );
  }
  return (
    <>
      {flights.size === 0 ? (
        <EmptyBoard
          board={board}
          source={timetable.source}
          isSourceLate={lateSource !== undefined || overdueSince !== undefined}
          language={language}
        />
      ) : (
        <FoundRows {...props} board={board} />
      )}
      <StaleNotice
        connection={connection}
        lateSource={lateSource}
        overdueSince={overdueSince}
        timeZone={zoneOf(board)}
        language={language}
        isKept={followed.keptAt !== undefined}
      />
      <Announcer
        changes={changes}
        choice={props.announcements}
        board={board}
        language={language}
        followed={props.followedFlights.keys}
      />
    </>
  );
}

/** The followed flights, and those that the reader looks for. */
function FoundRows(props: RowsProps & { board: Board }) {
  const { board, name, language, followed, rows, now, finding, followedFlights } = props;
  const { filters, found, change } = finding;
  const wanted = useWantedFlight();
  const context = useMemo(() => ({ board, language, now }), [board, language, now]);
  const pick = useCallback((flight: FlightKey) => openFlight(name, flight), [name]);
  return (
    <QueryContext.Provider value={filters.q}>
      <FollowedCards rows={followedFlights.rows} context={context} onPick={pick} />
      {finding.options && (
        <FilterChips
          filters={filters}
          options={finding.options}
          language={language}
          onChange={change}
        />
      )}
      <ResultCount finding={finding} now={now} language={language} />
      {found.length === 0 ? (
        <NothingFound query={filters.q} language={language} onClear={finding.clear} />
      ) : (
        <BoardRows
          board={board}
          rows={found}
          all={rows}
          now={now}
          language={language}
          highlights={followed.highlights}
          sort={filters.sort}
          isNarrowed={finding.isNarrowed}
          onPick={pick}
          printedHead={<PrintedHead {...props} board={board} />}
        />
      )}
      {wanted && (
        <FlightDialog wanted={wanted} rows={rows} context={context} followed={followedFlights} />
      )}
    </QueryContext.Provider>
  );
}

function waitingText({ status }: ConnectionState, { placeholder }: Language): string {
  switch (status) {
    case "reconnecting":
    case "stale":
      return placeholder.retrying;
    case "stopped":
      return placeholder.stopped;
    default:
      return placeholder.waiting;
  }
}
