// The timetable and the reducer that applies events to it, by the same rules as the server.
// Pure: no clock, no connection, no Preact. connection.ts delivers the events, follower.ts applies them.

import type { BoardEvent, FlightPatch } from "./events.ts";
import { keyOf, type Board, type BoardSource, type Flight } from "./flight.ts";

type Rows = Map<string, Flight>;

export interface Timetable {
  /** Null until the first `timetable`: until then the page does not even know that the board is empty. */
  readonly board: Board | null;
  /** Apart from the board, which the rows depend on: a source changes with each of its answers. */
  readonly source: BoardSource | null;
  readonly flights: ReadonlyMap<string, Flight>;
  /** The reason once the board is closed. */
  readonly closed: string | null;
}

export const unknownTimetable: Timetable = {
  board: null,
  source: null,
  flights: new Map(),
  closed: null,
};

/**
 * False for a change or removal of a row that the timetable lacks: the server sends it only for a row that it
 * has, so the event that added the row is lost.
 */
export function fits(timetable: Timetable, event: BoardEvent): boolean {
  return rowsOf(event).every((row) => timetable.flights.has(keyOf(row)));
}

/** The rows that an event changes or removes. A new time zone changes the instants of many. */
function rowsOf({ name, data }: BoardEvent): FlightPatch[] {
  if (name === "boardUpdate") return data.flights ?? [];
  return name === "flightStateUpdate" || name === "flightRemoval" ? [data] : [];
}

/** Changes the map of rows itself unless it is shared: there may be hundreds of events between two renderings. */
export function apply(timetable: Timetable, event: BoardEvent, isShared = true): Timetable {
  const { name, data } = event;
  if (!fits(timetable, event)) return timetable;
  if (name === "timetable") {
    const { source = null, ...board } = data.board;
    const flights = new Map(data.flights.map((flight) => [keyOf(flight), flight]));
    return { board, source, flights, closed: null };
  }
  if (name === "sourceUpdate") return { ...timetable, source: data };
  if (name === "closedConnection") {
    return { ...timetable, flights: new Map(), closed: data.reason };
  }
  let next = timetable;
  if (name === "boardUpdate") {
    const { flights, ...board } = data;
    next = { ...timetable, board };
    if (!flights) return next;
  }
  // One copy for all patches: there may be as many as rows.
  const flights = isShared ? new Map(timetable.flights) : (timetable.flights as Rows);
  if (name === "flightAddition") flights.set(keyOf(data), data);
  for (const patch of rowsOf(event)) {
    const key = keyOf(patch);
    if (name === "flightRemoval") flights.delete(key);
    else flights.set(key, patched({ ...flights.get(key), ...patch }));
  }
  return { ...next, flights };
}

/** The row without the fields that a patch clears. */
function patched(row: FlightPatch): Flight {
  for (const name in row) {
    const field = name as keyof Flight;
    if (row[field] === null) delete row[field];
  }
  return row as Flight;
}

/** A row that differs between two timetables. A row that was added has no `before`, a removed one no `after`. */
export interface RowChange {
  readonly key: string;
  readonly before: Flight | undefined;
  readonly after: Flight | undefined;
}

/** None for the first timetable, nor when the board is closed. */
export function changesBetween(before: Timetable, after: Timetable): RowChange[] {
  if (!before.board || after.closed !== null) return [];
  const keys = new Map([...before.flights, ...after.flights]).keys();
  return [...keys].flatMap((key) => {
    const change = { key, before: before.flights.get(key), after: after.flights.get(key) };
    const isSame = change.before === change.after || textOf(change.before) === textOf(change.after);
    return isSame ? [] : change;
  });
}

/** The order of fields is that of their changes. */
function textOf(flight: Flight | undefined): string {
  return JSON.stringify(Object.entries({ ...flight }).sort());
}
