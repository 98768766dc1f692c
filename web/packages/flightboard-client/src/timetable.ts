// The timetable and the reducer that applies events to it, by the same rules as the server.
// Pure: no clock, no connection, no Preact. connection.ts delivers the events, follower.ts applies them.

import type { BoardEvent, FlightPatch } from "./events.ts";
import { keyOf, type Board, type BoardSource, type Flight, type FlightKey } from "./flight.ts";

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

export function apply(timetable: Timetable, event: BoardEvent): Timetable {
  switch (event.name) {
    case "timetable": {
      const { source = null, ...board } = event.data.board;
      const flights = new Map(event.data.flights.map((flight) => [keyOf(flight), flight]));
      return { board, source, flights, closed: null };
    }
    case "flightAddition":
      return withFlight(timetable, event.data);
    case "flightStateUpdate": {
      const flights = new Map(timetable.flights);
      return patchFlight(flights, event.data) ? { ...timetable, flights } : timetable;
    }
    case "flightRemoval": {
      const flights = new Map(timetable.flights);
      return flights.delete(keyOf(event.data)) ? { ...timetable, flights } : timetable;
    }
    case "boardUpdate": {
      const { flights: patches, ...board } = event.data;
      if (patches === undefined) return { ...timetable, board };
      // One copy for all patches: there may be as many as rows.
      const flights = new Map(timetable.flights);
      for (const patch of patches) patchFlight(flights, patch);
      return { ...timetable, board, flights };
    }
    case "sourceUpdate":
      return { ...timetable, source: event.data };
    case "closedConnection":
      return { ...timetable, flights: new Map(), closed: event.data.reason };
  }
}

function withFlight(timetable: Timetable, flight: Flight): Timetable {
  return { ...timetable, flights: new Map(timetable.flights).set(keyOf(flight), flight) };
}

/** Returns whether the row exists. */
function patchFlight(flights: Map<string, Flight>, patch: FlightPatch): boolean {
  const key = keyOf(patch);
  const flight = flights.get(key);
  if (flight !== undefined) flights.set(key, patched(flight, patch));
  return flight !== undefined;
}

function patched(flight: Flight, patch: FlightPatch): Flight {
  const fields = Object.entries({ ...flight, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(fields) as unknown as Flight;
}
