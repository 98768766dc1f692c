// The events of a board's stream, from text to types: inside, an event is right by construction.

import type { Board, Flight } from "./flight.ts";

type Key = Pick<Flight, "flight" | "date">;
/** JSON Merge Patch (RFC 7396): null clears a field. */
export type FlightPatch = Key & { [Field in keyof Flight]?: Flight[Field] | null };

export type BoardEvent =
  | { name: "timetable"; data: { board: Board; flights: Flight[] } }
  | { name: "flightAddition"; data: Flight }
  | { name: "flightStateUpdate"; data: FlightPatch }
  | { name: "flightRemoval"; data: Key }
  | { name: "boardUpdate"; data: Board }
  | { name: "closedConnection"; data: { reason: string } };

export type Heartbeat = { name: "heartbeat"; data: { head: string; behind?: number } };

type Received = BoardEvent | Heartbeat;

/** What the data of each event must have to be read at all. */
const needs: { [Name in Received["name"]]: (data: Record<string, unknown>) => boolean } = {
  timetable: (data) => isObject(data.board) && Array.isArray(data.flights),
  flightAddition: hasFlight,
  flightStateUpdate: hasFlight,
  flightRemoval: hasFlight,
  boardUpdate: (data) => typeof data.name === "string",
  closedConnection: (data) => typeof data.reason === "string",
  heartbeat: (data) => typeof data.head === "string" && isSeconds(data.behind),
};

export const eventNames = Object.keys(needs) as Received["name"][];

/** The event, or undefined where the data is not what its name promises. */
export function readEvent(name: Received["name"], text: unknown): Received | undefined {
  try {
    const data: unknown = JSON.parse(String(text));
    return isObject(data) && needs[name](data)
      ? ({ name, data } as unknown as Received)
      : undefined;
  } catch {
    return undefined;
  }
}

function isSeconds(value: unknown): boolean {
  return value === undefined || typeof value === "number";
}

function hasFlight(data: Record<string, unknown>): boolean {
  return typeof data.flight === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
