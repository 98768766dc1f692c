// Parses the events of a board's stream, so that the rest of the page handles typed, valid events only.

import type { Board, BoardSource, Flight, FlightKey, SourcedBoard } from "./flight.ts";

/** JSON Merge Patch (RFC 7396): null clears a field. */
export type FlightPatch = FlightKey & { [Field in keyof Flight]?: Flight[Field] | null };

export type BoardEvent =
  | { name: "timetable"; data: { board: SourcedBoard; flights: Flight[] } }
  | { name: "flightAddition"; data: Flight }
  | { name: "flightStateUpdate"; data: FlightPatch }
  | { name: "flightRemoval"; data: FlightKey }
  | { name: "boardUpdate"; data: Board & { flights?: FlightPatch[] } }
  /** Null once the board has no source any more. */
  | { name: "sourceUpdate"; data: BoardSource | null }
  | { name: "closedConnection"; data: { reason: string } };

export type Heartbeat = {
  name: "heartbeat";
  data: { head: string; at?: string; lastUpdate?: string; behind?: number; build?: string };
};

export type StreamEvent = BoardEvent | Heartbeat;

/** The minimum that each event's data must contain. */
const isValid: { [Name in StreamEvent["name"]]: (data: Record<string, unknown>) => boolean } = {
  timetable: (data) =>
    isObject(data.board) &&
    (data.board.source === undefined || isSource(data.board.source)) &&
    Array.isArray(data.flights) &&
    data.flights.every(isFlight),
  flightAddition: hasFlight,
  flightStateUpdate: hasFlight,
  flightRemoval: hasFlight,
  boardUpdate: (data) =>
    typeof data.name === "string" && (data.flights === undefined || Array.isArray(data.flights)),
  sourceUpdate: isSource,
  closedConnection: (data) => typeof data.reason === "string",
  heartbeat: (data) =>
    typeof data.head === "string" &&
    isText(data.at) &&
    isText(data.lastUpdate) &&
    isSeconds(data.behind) &&
    isText(data.build),
};

export const eventNames = Object.keys(isValid) as StreamEvent["name"][];

/** Parses an event; undefined if its data does not match its name. */
export function readEvent(name: StreamEvent["name"], text: unknown): StreamEvent | undefined {
  try {
    return eventOf(name, JSON.parse(String(text)));
  } catch {
    return undefined;
  }
}

/** An event with this data; undefined if it does not match the name. */
export function eventOf(name: StreamEvent["name"], data: unknown): StreamEvent | undefined {
  const matches = isObject(data) ? isValid[name](data) : name === "sourceUpdate" && data === null;
  return matches ? ({ name, data } as StreamEvent) : undefined;
}

function isSeconds(value: unknown): boolean {
  return value === undefined || typeof value === "number";
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isSource(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.name === "string" &&
    typeof value.attribution === "string" &&
    typeof value.status === "string" &&
    [value.link, value.lastAnswer, value.reason].every(isText) &&
    isSeconds(value.lateAfter)
  );
}

function isFlight(value: unknown): boolean {
  return isObject(value) && hasFlight(value);
}

function hasFlight(data: Record<string, unknown>): boolean {
  return typeof data.flight === "string";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
