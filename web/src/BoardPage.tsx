// One board: header, connection status, rows or a placeholder, and a notice when the rows may be stale.

import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { Announcer } from "./Announcer.tsx";
import { useAnnouncements, type Announcements } from "./announcements.ts";
import { CitiesContext, useCities } from "./cities.ts";
import { FollowedHead } from "./BoardHead.tsx";
import { BoardPicker } from "./BoardPicker.tsx";
import type { Board, ConnectionState, FlightKey, ListedBoard } from "flightboard-client";
import type { Environment } from "./environment.ts";
import { doubtOf, StaleNotice } from "./StaleNotice.tsx";
import { AbsentBoard, ClosedBoard, EmptyBoard } from "./EmptyBoard.tsx";
import type { FollowerState } from "./follower.ts";
import type { Language } from "./language/language.ts";
import type { LanguageTag } from "./language/languages.ts";
import { languageOfScript } from "./language/script.ts";
import { boardPath, goToBoard, pageUrl } from "./route.ts";
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
import { asOfText, faultText, isRight } from "./past/past-text.ts";
import { PastStatus } from "./past/PastStatus.tsx";
import { OpenPastButton } from "./past/OpenPastButton.tsx";
import type { ShownPast } from "./past/shown-past.ts";
import { usePast } from "./past/usePast.ts";
import { isLate } from "./source.ts";
import { PrintedHead } from "./PrintedHead.tsx";
import { SettingsButton } from "./SettingsButton.tsx";
import { SignIn } from "./SignIn.tsx";
import { LastUpdateLine, SourceLine } from "./SourceLine.tsx";
import { zoneOf } from "./time.ts";
import { BoardRows } from "./BoardRows.tsx";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import { useFirstScreen } from "./first-screen.ts";
import { useBoardView, type BoardView } from "./useFollowedBoard.ts";
import { useFollower } from "./useFollower.ts";

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
  const [live, follower] = useFollower(name, environment);
  const past = usePast(name, environment, follower);
  // The past of a board needs the same right.
  const shown = live.connection.status === "denied" ? undefined : past.shown;
  const view = useBoardView([shown?.followed ?? live, follower], environment.clock, shown);
  const { followed, connection, rows, boardNow, minute, now, lateSource, isLive } = view;
  const { timetable, clockOffset, lastUpdate } = followed;
  const board = timetable.board ?? boards.find((listed) => listed.name === name);
  const title = board?.title ?? name;

  const { source } = timetable;
  useFirstScreen(timetable.board === null && connection.status === "connecting");

  // Refresh the list when this board appears, changes its settings or ends: its entry is outdated then.
  const ended = ["closed", "absent", "denied"].includes(connection.status);
  const isSourceLate = shown === undefined && lateSource !== undefined;
  const liveBoard = live.timetable.board;
  useEffect(() => {
    if (liveBoard !== null || ended) refreshBoards();
  }, [refreshBoards, liveBoard, ended, isSourceLate]);

  const cities = useCities(timetable.board, timetable.flights, environment);
  const finding = useFinding(timetable.board, rows, boardNow, cities);
  const context = useMemo(
    () => (timetable.board ? { board: timetable.board, language, now: boardNow } : undefined),
    [timetable.board, language, boardNow],
  );
  const [announcements, chooseAnnouncements] = useAnnouncements();
  // Changes of the past are no news of a flight.
  const isTimeKnown = clockOffset !== undefined && shown === undefined;
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

  const timeZone = board && zoneOf(board);
  const pastWord = shown && asOfText(shown, follower.now(), timeZone, language);
  const unseen = useUnseenChanges(followed, shown && live);
  const isKnown = isLive || (shown ? isRight(connection) : connection.status === "closed");
  const firstTitle = isLive ? followedFlights.title : pastWord && `${pastWord} · ${title}`;
  useEffect(() => {
    document.title = firstTitle ?? `${title} · flightboard`;
  }, [firstTitle, title]);

  return (
    <CitiesContext.Provider value={cities}>
      <FollowedHead view={view} listed={board} title={title} language={language}>
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
        {pastWord !== undefined ? (
          <PastStatus
            connection={connection}
            word={pastWord}
            timeZone={timeZone}
            language={language}
            onEnd={past.bar?.player.end}
          />
        ) : (
          <ConnectionStatus
            view={view}
            listed={board}
            language={language}
            onSignOut={board?.private ? signOut : undefined}
          />
        )}
      </FollowedHead>
      <main
        data-connecting={connection.status === "connecting" ? "" : undefined}
        data-known={isKnown ? "" : undefined}
        data-past={shown && ""}
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
            key={`${name} ${shown !== undefined}`}
            name={name}
            view={{ ...view, followed: unseen }}
            language={language}
            finding={finding}
            followedFlights={followedFlights}
            announcements={shown ? "off" : announcements}
            past={shown}
          />
        )}
        {timetable.board && !ended && <OpenPastButton past={past} language={language} />}
        {past.bar && !ended && (
          <past.bar.part.PastBar past={past.bar} timeZone={timeZone ?? "UTC"} language={language} />
        )}
      </main>
    </CitiesContext.Provider>
  );
}

const NO_CHANGES: FollowerState["changes"] = [];

/** Without the changes of the live board that came while `hidden` was: the reader has not seen them happen. */
function useUnseenChanges(
  followed: FollowerState,
  hidden: FollowerState | undefined,
): FollowerState {
  const seen = useRef(NO_CHANGES);
  if (hidden) seen.current = hidden.changes;
  return followed.changes === seen.current ? { ...followed, changes: NO_CHANGES } : followed;
}

/** The list is not fetched again and again, so the age of a source that was not late then says nothing. */
function wasListedLate({ source }: ListedBoard, now: number | undefined): boolean {
  return source !== undefined && source.status !== "current" && isLate(source, now);
}

interface RowsProps {
  name: string;
  language: Language;
  view: BoardView;
  finding: Finding;
  followedFlights: Followed;
  announcements: Announcements;
  /** Set while these are rows of the past. */
  past: ShownPast | undefined;
}

function Rows(props: RowsProps) {
  const { name, language, view, past } = props;
  const { connection, isInDoubt } = view;
  const { timetable, changes } = view.followed;
  const { board, flights } = timetable;
  if (connection.status === "closed") {
    return <ClosedBoard reason={connection.reason} language={language} />;
  }
  // A board that was closed has no rows to show until it is live again.
  if (board === null || timetable.closed !== null) {
    return connection.status === "absent" ? (
      <AbsentBoard name={name} language={language} />
    ) : (
      <p class="waiting">
        {past?.fault
          ? faultText(past.fault, board ? zoneOf(board) : undefined, language)
          : waitingText(connection, language)}
      </p>
    );
  }
  return (
    <>
      {past && flights.size === 0 ? (
        <p class="waiting">{language.placeholder.noFlights}</p>
      ) : flights.size === 0 ? (
        <EmptyBoard
          board={board}
          source={timetable.source}
          isSourceLate={isInDoubt}
          language={language}
        />
      ) : (
        <FoundRows {...props} board={board} />
      )}
      <p class="foot">
        <a href={pageUrl(`${boardPath(name)}/punctuality`)}>{language.punctuality}</a>
      </p>
      {/* The time bar has that of the past. */}
      {!past && <StaleNotice {...doubtOf(view, board, language)} />}
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
  const { board, name, language, view, finding, followedFlights } = props;
  const { rows, boardNow: now } = view;
  const { filters, found, change } = finding;
  const wanted = useWantedFlight();
  const doubt = { ...doubtOf(view, board, language), isPast: props.past !== undefined };
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
      <ResultCount finding={finding} filters={filters} now={now} language={language} />
      {found.length === 0 ? (
        <NothingFound query={filters.q} language={language} onClear={finding.clear} />
      ) : (
        <BoardRows
          board={board}
          rows={found}
          all={rows}
          now={now}
          language={language}
          highlights={view.followed.highlights}
          sort={filters.sort}
          isNarrowed={finding.isNarrowed}
          onPick={pick}
          printedHead={<PrintedHead {...doubt} board={board} now={now} />}
        />
      )}
      {wanted && (
        <FlightDialog
          wanted={wanted}
          rows={rows}
          context={context}
          followed={followedFlights}
          pastTime={props.past?.rowsAt}
          notice={
            <>
              <PrintedHead {...doubt} board={board} now={now} />
              <StaleNotice {...doubt} />
            </>
          }
        />
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
