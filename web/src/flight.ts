// The words of the board, as the server sends them. Absent fields are absent, never null.

export interface Board {
  name: string;
  title: string;
  kind: "arrivals" | "departures";
  airport?: string;
  /** IANA name; every time on the board is shown in this zone, wherever the browser is. */
  timeZone?: string;
  note?: string;
  removeAfter?: Record<string, string>;
}

/** A board as `GET /boards` lists it. */
export interface ListedBoard extends Board {
  closed: boolean;
  /** Of its newest event. */
  id?: string;
  /** For how many seconds the server has not known that, if it is long. */
  behind?: number;
}

/** One row. Times are RFC 3339 with an offset, or the board-local `HH:MM`. */
export interface Flight {
  flight: string;
  date?: string;
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
}

/** The number alone is not a key: it comes back every day. */
export function keyOf(flight: { flight: string; date?: string | undefined }): string {
  return flight.date === undefined ? flight.flight : `${flight.flight} ${flight.date}`;
}

/** The end of the leg that the board is about: scheduled time. */
export function scheduledTime(flight: Flight, kind: Board["kind"]): string | undefined {
  return kind === "arrivals" ? flight.arrival : flight.departure;
}

/** The other end of the leg: where it comes from, or goes to. */
export function otherEnd(flight: Flight, kind: Board["kind"]): string | undefined {
  return kind === "arrivals" ? flight.origin : flight.destination;
}
