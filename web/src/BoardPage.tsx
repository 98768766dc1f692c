// One board: header, connection status, rows or a placeholder, and a notice when the rows may be stale.

import { useEffect, useMemo } from "preact/hooks";
import { Announcer } from "./Announcer.tsx";
import { CitiesContext, useCities } from "./cities.ts";
import { BoardHead } from "./BoardHead.tsx";
import { BoardPicker } from "./BoardPicker.tsx";
import type { BoardSource, ConnectionState, ListedBoard } from "flightboard-client";
import type { Environment } from "./environment.ts";
import { StaleNotice } from "./StaleNotice.tsx";
import { AbsentBoard, ClosedBoard, EmptyBoard } from "./EmptyBoard.tsx";
import type { FollowerState } from "./follower.ts";
import { isOverdue, overdueAt } from "./expectation.ts";
import { en as language } from "./language/en.ts";
import { goToBoard } from "./route.ts";
import { isLate } from "./source.ts";
import { SignIn } from "./SignIn.tsx";
import { LastUpdateLine, SourceLine } from "./SourceLine.tsx";
import { zoneOf } from "./time.ts";
import { BoardRows, useSortedRows } from "./BoardRows.tsx";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import type { SortedRow } from "./rows/order.ts";
import { useFollower } from "./useFollower.ts";
import { useMinute } from "./useNow.ts";
import { useServerTime } from "./useServerTime.ts";

interface Props {
  name: string;
  boards: readonly ListedBoard[];
  refreshBoards(): void;
  environment: Environment;
}

export function BoardPage({ name, boards, refreshBoards, environment }: Props) {
  const [followed, follower] = useFollower(name, environment);
  const { timetable, clockOffset, lastUpdate } = followed;
  const connection = useMemo(
    () => byServerClock(followed.connection, clockOffset),
    [followed.connection, clockOffset],
  );
  const board = timetable.board ?? boards.find((listed) => listed.name === name);
  const title = board?.title ?? name;

  const { source } = timetable;
  const overdueFrom = overdueAt(timetable.board, lastUpdate);
  const now = useServerTime(environment.clock, clockOffset, source, overdueFrom);
  const overdueSince = isOverdue(timetable.board, lastUpdate, now) ? lastUpdate : undefined;
  const minute = useMinute(environment.clock, clockOffset);
  const [rows, boardNow] = useSortedRows(timetable.board, timetable.flights, minute);
  const lateSource = source !== null && isLate(source, now) ? source : undefined;

  useEffect(() => {
    document.title = `${title} · flightboard`;
  }, [title]);

  // Refresh the list when this board appears, changes its settings or ends: its entry is outdated then.
  const ended = ["closed", "absent", "denied"].includes(connection.status);
  const isSourceLate = lateSource !== undefined;
  useEffect(() => {
    if (timetable.board !== null || ended) refreshBoards();
  }, [refreshBoards, timetable.board, ended, isSourceLate]);

  const cities = useCities(timetable.board, timetable.flights, environment);
  const signOut = async () => {
    await environment.signOut();
    await follower.changeAccess();
  };
  const signIn = async (token: string) => {
    const refusal = await environment.signIn(token);
    if (refusal === undefined) await follower.changeAccess();
    return refusal;
  };
  const isInDoubt = isSourceLate || overdueSince !== undefined;
  const isLive = connection.status === "live" && !isInDoubt;

  return (
    <CitiesContext.Provider value={cities}>
      <BoardHead
        board={board}
        title={title}
        now={clockOffset === undefined ? undefined : boardNow}
        language={language}
      >
        <ConnectionStatus
          connection={connection}
          isSourceLate={isInDoubt}
          timeZone={board && zoneOf(board)}
          onStop={follower.stop}
          onResume={follower.resume}
          onSignOut={board?.private ? signOut : undefined}
        />
        {boards.length > 1 && (
          <BoardPicker
            boards={boards}
            current={name}
            isLate={(listed) =>
              listed.name === board?.name ? isSourceLate : wasListedLate(listed, now)
            }
            onPick={goToBoard}
          />
        )}
      </BoardHead>
      <main
        data-connecting={connection.status === "connecting" ? "" : undefined}
        data-known={isLive || connection.status === "closed" ? "" : undefined}
      >
        {board?.note && (
          <p class="note" dir="auto">
            {board.note}
          </p>
        )}
        {board && source && timetable.closed === null && (
          <SourceLine source={source} now={now} timeZone={zoneOf(board)} />
        )}
        {board && source === null && lastUpdate !== undefined && timetable.closed === null && (
          <LastUpdateLine lastUpdate={lastUpdate} now={now ?? minute} timeZone={zoneOf(board)} />
        )}
        {connection.status === "denied" ? (
          <SignIn hadRows={connection.hadRows} detail={connection.detail} onSignIn={signIn} />
        ) : (
          <Rows
            key={name}
            name={name}
            followed={followed}
            connection={connection}
            rows={rows}
            now={boardNow}
            lateSource={lateSource}
            overdueSince={overdueSince}
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
  followed: FollowerState;
  connection: ConnectionState;
  rows: readonly SortedRow[];
  now: number;
  lateSource: BoardSource | undefined;
  /** The last update, if the next one is overdue. */
  overdueSince: number | undefined;
}

function Rows(props: RowsProps) {
  const { name, followed, connection, rows, now, lateSource, overdueSince } = props;
  const { timetable, changes, highlights } = followed;
  const { board, flights } = timetable;
  if (connection.status === "closed") return <ClosedBoard reason={connection.reason} />;
  // A board that was closed has no rows to show until it is live again.
  if (board === null || timetable.closed !== null) {
    return connection.status === "absent" ? (
      <AbsentBoard name={name} />
    ) : (
      <p class="waiting">{waitingText(connection)}</p>
    );
  }
  return (
    <>
      {flights.size === 0 ? (
        <EmptyBoard
          board={board}
          source={timetable.source}
          isSourceLate={lateSource !== undefined || overdueSince !== undefined}
        />
      ) : (
        <BoardRows
          board={board}
          rows={rows}
          now={now}
          language={language}
          highlights={highlights}
        />
      )}
      <StaleNotice
        connection={connection}
        lateSource={lateSource}
        overdueSince={overdueSince}
        timeZone={zoneOf(board)}
      />
      <Announcer changes={changes} board={board} />
    </>
  );
}

/** The connection's times are by this screen's clock. */
function byServerClock(connection: ConnectionState, offset = 0): ConnectionState {
  return "since" in connection && connection.since !== undefined
    ? { ...connection, since: connection.since + offset }
    : connection;
}

function waitingText({ status }: ConnectionState): string {
  switch (status) {
    case "reconnecting":
    case "stale":
      return "The timetable has not arrived. This page keeps trying";
    case "stopped":
      return "Updates are stopped";
    default:
      return "Waiting for the timetable";
  }
}
