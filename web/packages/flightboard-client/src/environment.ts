// The clock and the network of a connection, which tests replace.

import type { Clock } from "./clock.ts";

/** The part of `EventSource` that the page uses, native or polyfill. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export type BoardStatus = "open" | "closed" | "absent" | "denied" | "unknown";

/**
 * A board's answer to a plain request. `head` is the id of its newest event if the server gave one; `behind` is
 * for how many seconds the server itself may have been out of date, if it says so; `detail` is why it denies the
 * board.
 */
export interface BoardSummary {
  status: BoardStatus;
  detail?: string | undefined;
  head?: string | undefined;
  behind?: number | undefined;
}

export interface StreamEnvironment {
  open(url: string): EventStream;
  fetchBoard(board: string): Promise<BoardSummary>;
  clock: Clock;
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
}
