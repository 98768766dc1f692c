// Follows a board of flightboard: an event stream that recovers by itself, and the rows that follow from its events.

export { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
export { realClock, type Clock } from "./clock.ts";
export { Connection, type ConnectionListener, type ConnectionState } from "./connection.ts";
export type { BoardStatus, BoardSummary, EventStream, StreamEnvironment } from "./environment.ts";
export { isObject, type BoardEvent, type FlightPatch, type Heartbeat } from "./events.ts";
export {
  keyOf,
  otherAirport,
  scheduledField,
  type Board,
  type BoardSource,
  type Flight,
  type FlightKey,
  type ListedBoard,
  type SourcedBoard,
  type TimeField,
} from "./flight.ts";
export { parseInstant } from "./instant.ts";
export { apply, fits, unknownTimetable, type Timetable } from "./timetable.ts";
