// The timetable and the reducer that applies events to it, by the same rules as the server.
// Pure: no clock, no connection, no React. connection.ts delivers the events, follower.ts applies them.

import type { BoardEvent, FlightPatch } from "./events.ts";
import { keyOf, type Board, type Flight } from "./flight.ts";

export interface Timetable {
  /** Null until the first `timetable`: until then the page does not even know that the board is empty. */
  readonly board: Board | null;
  readonly flights: ReadonlyMap<string, Flight>;
  /** The reason once the board is closed. */
  readonly closed: string | null;
}

export const unknownTimetable: Timetable = { board: null, flights: new Map(), closed: null };

/**
 * False for a change or removal of a row that the timetable lacks: the server sends it only for a row that it
 * has, so the event that added the row is lost.
 */
export function fits(timetable: Timetable, event: BoardEvent): boolean {
  const needsRow = event.name === "flightStateUpdate" || event.name === "flightRemoval";
  return !needsRow || timetable.flights.has(keyOf(event.data));
}

export function apply(timetable: Timetable, event: BoardEvent): Timetable {
  switch (event.name) {
    case "timetable":
      return {
        board: event.data.board,
        flights: new Map(event.data.flights.map((flight) => [keyOf(flight), flight])),
        closed: null,
      };
    case "flightAddition":
      return withFlight(timetable, event.data);
    case "flightStateUpdate": {
      const flight = timetable.flights.get(keyOf(event.data));
      return flight ? withFlight(timetable, patched(flight, event.data)) : timetable;
    }
    case "flightRemoval": {
      const flights = new Map(timetable.flights);
      return flights.delete(keyOf(event.data)) ? { ...timetable, flights } : timetable;
    }
    case "boardUpdate":
      return { ...timetable, board: event.data };
    case "closedConnection":
      return { ...timetable, flights: new Map(), closed: event.data.reason };
  }
}

function withFlight(timetable: Timetable, flight: Flight): Timetable {
  return { ...timetable, flights: new Map(timetable.flights).set(keyOf(flight), flight) };
}

function patched(flight: Flight, patch: FlightPatch): Flight {
  const fields = Object.entries({ ...flight, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(fields) as unknown as Flight;
}
