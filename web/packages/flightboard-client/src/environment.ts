// The clock and the network of a connection, which tests replace.

import type { Clock } from "./clock.ts";
import { eventNames, type StreamEvent } from "./events.ts";

/** The part of `EventSource` that is used here: the browser's own, a polyfill, or a shared stream. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export const OPEN = 1;
export const CLOSED = 2;

/** Listens while `isCurrent`: after close() a native EventSource is silent, but a polyfill may not be. */
export function listen(
  stream: EventStream,
  isCurrent: () => boolean,
  onOpen: () => void,
  onError: () => void,
  onMessage: (name: StreamEvent["name"], message: MessageEvent) => void,
): void {
  const hear = (type: string, run: (event: MessageEvent) => void) =>
    stream.addEventListener(type, (event) => isCurrent() && run(event as MessageEvent));
  // An event of the server may have any name, even these.
  hear("open", (event) => "data" in event || onOpen());
  hear("error", (event) => "data" in event || onError());
  for (const name of eventNames) hear(name, (message) => onMessage(name, message));
}

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

/**
 * All rows of a board, by a plain request: the data of a `timetable`, and the id of the board's newest event. `at` is when
 * they were asked for, if that was before the call.
 */
export interface BoardRows {
  data: unknown;
  id: string;
  at?: number;
}

/** URLs are those of the board, such as `/boards/main`. */
export interface StreamEnvironment {
  /** Opens the stream after the event `lastId`, or with a whole timetable if that is empty. */
  open(url: string, lastId: string): EventStream;
  fetchBoard(url: string): Promise<BoardSummary>;
  /** Null without an answer of the server. If this is missing, all rows come by the stream. */
  fetchRows?(url: string): Promise<BoardRows | null>;
  clock: Clock;
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
}
