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

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";

/** True for an object whose members pass their checks. */
function shape(checks: Record<string, Check>): Check {
  return (value) =>
    isObject(value) && Object.entries(checks).every(([member, check]) => check(value[member]));
}

const isRow = shape({ flight: isText });
const isSource = shape({ name: isText, attribution: isText, status: isText });
const isSourceOrNone: Check = (value) => !value || isSource(value);

/** The minimum that each event's data must contain. */
const isValid: Record<StreamEvent["name"], Check> = {
  timetable: shape({
    board: shape({ source: isSourceOrNone }),
    flights: (value) => Array.isArray(value) && value.every(isRow),
  }),
  flightAddition: isRow,
  flightStateUpdate: isRow,
  flightRemoval: isRow,
  boardUpdate: shape({ flights: (value) => !value || Array.isArray(value) }),
  sourceUpdate: isSourceOrNone,
  closedConnection: shape({ reason: isText }),
  heartbeat: shape({ head: isText }),
};

export const eventNames = Object.keys(isValid) as StreamEvent["name"][];

/** Parses an event; undefined if its data does not match its name. */
export function readEvent(name: StreamEvent["name"], text: unknown): StreamEvent | undefined {
  try {
    return eventOf(name, JSON.parse(text as string));
  } catch {
    return undefined;
  }
}

/** An event with this data; undefined if it does not match the name. */
export function eventOf(name: StreamEvent["name"], data: unknown): StreamEvent | undefined {
  return isValid[name](data) ? ({ name, data } as StreamEvent) : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value instanceof Object;
}
