// One board: its head, its rows or what stands in their place, and how sure they are.

import { useEffect, useMemo } from "react";
import { Announcer } from "./Announcer.tsx";
import { CitiesContext, hasCodes, useCities, useCity } from "./cities.ts";
import { Chooser } from "./Chooser.tsx";
import type { Surroundings } from "./connection.ts";
import { Doubt } from "./Doubt.tsx";
import { AbsentBoard, ClosedBoard, EmptyBoard } from "./EmptyBoard.tsx";
import type { Board, ListedBoard } from "./flight.ts";
import type { Followed } from "./follower.ts";
import { Icon } from "./Icon.tsx";
import { goToBoard } from "./place.ts";
import { Sign } from "./Sign.tsx";
import { TimetableTable } from "./TimetableTable.tsx";
import { useFollower } from "./useFollower.ts";

interface Props {
  name: string;
  boards: readonly ListedBoard[];
  refreshBoards(): void;
  surroundings: Surroundings;
}

export function BoardPage({ name, boards, refreshBoards, surroundings }: Props) {
  const [followed, follower] = useFollower(name, surroundings);
  const { timetable, connection } = followed;
  const board = timetable.board ?? boards.find((listed) => listed.name === name);
  const title = board?.title ?? name;

  useEffect(() => {
    document.title = `${title} · flightboard`;
  }, [title]);

  // The list of boards is worth asking for when there is one to be on it, and when what it says of this
  // one has changed.
  const ended = connection.is === "closed" || connection.is === "absent";
  useEffect(() => {
    if (timetable.board !== null || ended) refreshBoards();
  }, [refreshBoards, timetable.board, ended]);

  const wantsCities = useMemo(
    () => timetable.board !== null && hasCodes(timetable.board, timetable.flights.values()),
    [timetable],
  );
  const cities = useCities(wantsCities);

  return (
    <CitiesContext value={cities}>
      <header className="head">
        <Heading board={board} title={title} />
        <Sign connection={connection} onStop={follower.stop} onResume={follower.resume} />
        {boards.length > 1 && <Chooser boards={boards} chosen={name} onChoose={goToBoard} />}
      </header>
      <main data-known={connection.is === "live" || connection.is === "closed" ? "" : undefined}>
        {board?.note && <p className="note">{board.note}</p>}
        <Rows key={name} name={name} followed={followed} />
      </main>
    </CitiesContext>
  );
}

function Heading({ board, title }: { board: Board | undefined; title: string }) {
  const city = useCity(board?.airport);
  return (
    <div className="heading">
      <span className="mark">
        <Icon name={board?.kind === "departures" ? "takeoff" : "landing"} />
      </span>
      <div className="names">
        <h1>{title}</h1>
        {board?.airport && (
          <p className="airport">
            {city} <span className="code">{board.airport}</span>
          </p>
        )}
      </div>
    </div>
  );
}

function Rows({ name, followed }: { name: string; followed: Followed }) {
  const { timetable, connection, changes, marks } = followed;
  const { board, flights } = timetable;
  if (connection.is === "closed") return <ClosedBoard reason={connection.reason} />;
  if (board === null) {
    return connection.is === "absent" ? (
      <AbsentBoard name={name} />
    ) : (
      <p className="waiting">Waiting for the timetable</p>
    );
  }
  return (
    <>
      {flights.size === 0 ? (
        <EmptyBoard board={board} />
      ) : (
        <TimetableTable board={board} flights={flights} marks={marks} />
      )}
      <Doubt connection={connection} />
      <Announcer changes={changes} board={board} />
    </>
  );
}
