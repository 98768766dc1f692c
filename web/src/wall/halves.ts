// The halves of an airport's page: all its boards of one kind are one list.

import type { Board, ListedBoard } from "flightboard-client";

export interface Half {
  readonly kind: Board["kind"];
  /** By name, so that it stays the same which of them has the last word on a flight. */
  readonly boards: readonly ListedBoard[];
}

/** Arrivals first. Without boards of a kind there is no half of it. */
export function halvesOf(boards: readonly ListedBoard[]): Half[] {
  const kinds: Board["kind"][] = ["arrivals", "departures"];
  return kinds
    .map((kind) => ({
      kind,
      boards: boards
        .filter((board) => board.kind === kind)
        .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    }))
    .filter((half) => half.boards.length > 0);
}
