// Follows a board of flightboard: an event stream that recovers by itself, and the rows that follow from its events.

export type { ConnectionState } from "./connection.ts";
export type { BrowserOptions } from "./browser-environment.ts";
export type { Clock } from "./clock.ts";
export type {
  BoardRows,
  BoardStatus,
  BoardSummary,
  EventStream,
  StreamEnvironment,
} from "./environment.ts";
export {
  keyOf,
  type Board,
  type BoardSource,
  type Flight,
  type FlightKey,
  type SourcedBoard,
} from "./flight.ts";
export {
  followBoard,
  type BoardFollower,
  type BoardListener,
  type FollowOptions,
} from "./follow-board.ts";
export type { RowChange, Timetable } from "./timetable.ts";
