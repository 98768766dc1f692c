// The package as the page of this workspace has it: with parts that npm does not get.

export * from "./index.ts";
export { backoff } from "./backoff.ts";
export { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
export { fetchRows, isBoard } from "./board-requests.ts";
export { browserEnvironment } from "./browser-environment.ts";
export { realClock } from "./clock.ts";
export type { BoardRows } from "./environment.ts";
export {
  isObject,
  readEvent,
  type BoardEvent,
  type FlightPatch,
  type Heartbeat,
} from "./events.ts";
export { otherAirport, scheduledField, type ListedBoard, type TimeField } from "./flight.ts";
export { ROWS_INTERVAL_MILLIS } from "./follow-board.ts";
export { parseInstant } from "./instant.ts";
export { apply, changesBetween, unknownTimetable } from "./timetable.ts";
