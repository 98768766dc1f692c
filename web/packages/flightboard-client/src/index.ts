// Follows a board of flightboard: an event stream that recovers by itself, and the rows that follow from its events.

export { Backoff } from "./backoff.ts";
export { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
export { browserEnvironment, type BrowserOptions } from "./browser-environment.ts";
export { realClock, type Clock } from "./clock.ts";
export type { ConnectionState } from "./connection.ts";
export type {
  BoardRows,
  BoardStatus,
  BoardSummary,
  EventStream,
  StreamEnvironment,
} from "./environment.ts";
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
export {
  followBoard,
  ROWS_INTERVAL_MILLIS,
  type BoardFollower,
  type BoardListener,
  type FollowOptions,
} from "./follow-board.ts";
export { parseInstant } from "./instant.ts";
export {
  apply,
  changesBetween,
  unknownTimetable,
  type RowChange,
  type Timetable,
} from "./timetable.ts";
