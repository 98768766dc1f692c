// Boards and flights as the server sends them. An unset field is absent, never null.

export interface Board {
  name: string;
  title: string;
  kind: "arrivals" | "departures";
  airport?: string;
  /** IANA name. All times are shown in this zone, wherever the browser is. */
  timeZone?: string;
  note?: string;
  /** Only those with the right to follow it may read it. */
  private?: boolean;
  removeAfter?: Record<string, string>;
  /** The columns that the page shows, in this order. */
  columns?: string[];
  /** For how long after its movement the page shows a row in a state, as in `removeAfter`. */
  overAfter?: Record<string, string>;
  /** The longest usual time between two updates, such as `10m`. */
  expectEvery?: string;
  /** The operator's text for screens whose rows have been in doubt for long. */
  notice?: string;
}

/** The source of a board's rows. Times are RFC 3339 in UTC. */
export interface BoardSource {
  name: string;
  /** The words that its terms demand. */
  attribution: string;
  link?: string;
  /** The last successful answer. */
  lastAnswer?: string;
  lastChange?: string;
  status: "current" | "late" | "failing";
  reason?: string;
  /** For how many seconds an answer is good. */
  lateAfter?: number;
}

/** A board with its source, as in a `timetable`. */
export interface SourcedBoard extends Board {
  source?: BoardSource;
}

/** A board as `GET /boards` lists it. */
export interface ListedBoard extends SourcedBoard {
  closed: boolean;
  /** Why it is closed. */
  reason?: string;
  /** The id of its newest event. */
  id?: string;
  /** For how many seconds the server may have been behind, if it says so. */
  behind?: number;
}

/** One row. Times are RFC 3339 with an offset, or the board-local `HH:MM` with an instant that the server computes. */
export interface Flight {
  flight: string;
  date?: string;
  leg?: string;
  origin?: string;
  destination?: string;
  via?: string[];
  airline?: string;
  codeshares?: string[];
  aircraft?: string;
  arrival?: string;
  departure?: string;
  estimated?: string;
  actual?: string;
  state?: string;
  terminal?: string;
  gate?: string;
  stand?: string;
  belt?: string;
  checkIn?: string;
  remark?: string;
  /** The fields that feeds leave alone. */
  held?: string[];
  arrivalInstant?: string;
  departureInstant?: string;
  estimatedInstant?: string;
  actualInstant?: string;
}

export type TimeField = "arrival" | "departure" | "estimated" | "actual";

export type FlightKey = Pick<Flight, "flight" | "date" | "leg">;

/** The number alone is not a key, since it is reused every day. A number may contain a space and digits, so a
 * key that just joined the parts could be that of another row. */
export function keyOf({ flight, date, leg }: FlightKey): string {
  return JSON.stringify([flight, date, leg]);
}

/** The field with the scheduled time at the board's own airport. */
export function scheduledField(kind: Board["kind"]): "arrival" | "departure" {
  return kind === "arrivals" ? "arrival" : "departure";
}

/** The airport at the other end of the leg. */
export function otherAirport(flight: Flight, kind: Board["kind"]): string | undefined {
  return kind === "arrivals" ? flight.origin : flight.destination;
}
