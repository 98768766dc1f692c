// The timetable and the reducer that applies events to it, by the same rules as the server.
// Pure: no clock, no connection, no Preact. connection.ts delivers the events, follower.ts applies them.

import type { BoardEvent, FlightPatch } from "./events.ts";
import { keyOf, type Board, type BoardSource, type Flight, type FlightKey } from "./flight.ts";

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
function rowsOf(event: BoardEvent): FlightKey[] {
  switch (event.name) {
    case "flightStateUpdate":
    case "flightRemoval":
      return [event.data];
    case "boardUpdate":
      return event.data.flights ?? [];
    default:
      return [];
  }
}

/** Changes the map of rows itself unless it is shared: there may be hundreds of events between two renderings. */
export function apply(timetable: Timetable, event: BoardEvent, isShared = true): Timetable {
  const copied = () => (isShared ? new Map(timetable.flights) : (timetable.flights as Rows));
  switch (event.name) {
    case "timetable": {
      const { source = null, ...board } = event.data.board;
      const flights = new Map(event.data.flights.map((flight) => [keyOf(flight), flight]));
      return { board, source, flights, closed: null };
    }
    case "flightAddition":
      return { ...timetable, flights: copied().set(keyOf(event.data), event.data) };
    case "flightStateUpdate": {
      const flights = copied();
      return patchFlight(flights, event.data) ? { ...timetable, flights } : timetable;
    }
    case "flightRemoval": {
      const flights = copied();
      return flights.delete(keyOf(event.data)) ? { ...timetable, flights } : timetable;
    }
    case "boardUpdate": {
      const { flights: patches, ...board } = event.data;
      if (patches === undefined) return { ...timetable, board };
      // One copy for all patches: there may be as many as rows.
      const flights = copied();
      for (const patch of patches) patchFlight(flights, patch);
      return { ...timetable, board, flights };
    }
    case "sourceUpdate":
      return { ...timetable, source: event.data };
    case "closedConnection":
      return { ...timetable, flights: new Map(), closed: event.data.reason };
  }
}

/** Returns whether the row exists. */
function patchFlight(flights: Rows, patch: FlightPatch): boolean {
  const key = keyOf(patch);
  const flight = flights.get(key);
  if (flight !== undefined) flights.set(key, patched(flight, patch));
  return flight !== undefined;
}

function patched(flight: Flight, patch: FlightPatch): Flight {
  const fields = Object.entries({ ...flight, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(fields) as unknown as Flight;
}

/** A row that differs between two timetables. A row that was added has no `before`, a removed one no `after`. */
export interface RowChange {
  readonly key: string;
  readonly before: Flight | undefined;
  readonly after: Flight | undefined;
}

/** None for the first timetable, nor when the board is closed. */
export function changesBetween(before: Timetable, after: Timetable): RowChange[] {
  if (before.board === null || after.closed !== null || before.flights === after.flights) return [];
  const keys = new Set([...after.flights.keys(), ...before.flights.keys()]);
  const changes = [...keys].map((key) => ({
    key,
    before: before.flights.get(key),
    after: after.flights.get(key),
  }));
  return changes.filter(
    (change) => change.before !== change.after && textOf(change.before) !== textOf(change.after),
  );
}

/** The order of fields is that of their changes. */
function textOf(flight: Flight | undefined): string {
  return JSON.stringify(Object.entries(flight ?? {}).sort());
}
