// The clock and the network of a connection, which tests replace.

import type { Clock } from "./clock.ts";

/** The part of `EventSource` that is used here: the browser's own, a polyfill, or a shared stream. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export const OPEN = 1;
export const CLOSED = 2;

export type BoardStatus = "open" | "closed" | "absent" | "denied" | "unknown";

/**
 * A board's answer to a plain request. `head` is the id of its newest event if the server gave one; `behind` is
 * for how many seconds the server itself may have been out of date, if it says so; `detail` is why it denies the
 * board, and `reason` why the board is closed.
 */
export interface BoardSummary {
  status: BoardStatus;
  detail?: string | undefined;
  reason?: string | undefined;
  head?: string | undefined;
  behind?: number | undefined;
}

/** All rows of a board, by a plain request: the data of a `timetable`, and the id of the board's newest event. */
export interface BoardRows {
  data: unknown;
  id: string;
}

/** URLs are those of the board, such as `/boards/main`. */
export interface StreamEnvironment {
  /** Opens the stream after the event `lastId`, or with a whole timetable if that is empty. */
  open(url: string, lastId: string): EventStream;
  fetchBoard(url: string): Promise<BoardSummary>;
  /** Undefined without an answer of the server. If this is missing, all rows come by the stream. */
  fetchRows?(url: string): Promise<BoardRows | undefined>;
  clock: Clock;
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
}
