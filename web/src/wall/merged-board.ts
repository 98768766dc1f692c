// Several boards as one: an airport may have a board for each terminal, and its travellers look for one list.

import { parseInstant, type Board, type BoardSource, type Flight } from "flightboard-client";
import type { Change, Highlight } from "../changes.ts";
import type { FollowerState } from "../follower.ts";

/** What several boards show together. */
export type MergedBoard = Pick<FollowerState, "timetable" | "changes" | "highlights" | "keptAt">;

/** Merges the same boards again and again, of which few change each time. */
export class BoardMerger {
  #states: readonly FollowerState[] = [];
  #merged: MergedBoard = merge([], []);
  #board: Board | null = null;

  /** The same object as before if nothing has changed. `states` are in the order of the boards' names. */
  of(states: readonly FollowerState[]): MergedBoard {
    const before = this.#states;
    const isSame = states.length === before.length && states.every((one, at) => one === before[at]);
    if (isSame) return this.#merged;
    this.#states = states;
    const merged = merge(states, before);
    const { timetable } = merged;
    // Another board sorts all rows again, so it has to be the same object until its settings change.
    if (JSON.stringify(timetable.board) !== JSON.stringify(this.#board)) {
      this.#board = timetable.board;
    }
    this.#merged = { ...merged, timetable: { ...timetable, board: this.#board } };
    return this.#merged;
  }
}

function merge(states: readonly FollowerState[], before: readonly FollowerState[]): MergedBoard {
  const timetables = states.map(({ timetable }) => timetable);
  const flights = new Map<string, Flight>();
  const highlights = new Map<string, Highlight>();
  // The first board has the last word on a flight that is on two of them.
  for (const { timetable, highlights: some } of states.toReversed()) {
    for (const [key, flight] of timetable.flights) flights.set(key, flight);
    for (const [key, highlight] of some) highlights.set(key, highlight);
  }
  const kept = states.flatMap(({ keptAt }) => keptAt ?? []);
  return {
    timetable: {
      board: boardOf(timetables.flatMap(({ board }) => board ?? [])),
      source: sourceOf(timetables.flatMap(({ source }) => source ?? [])),
      flights,
      closed: null,
    },
    changes: changesSince(before, states),
    highlights,
    keptAt: kept.length > 0 ? Math.min(...kept) : undefined,
  };
}

/** Those of boards that have not changed were told before. */
function changesSince(
  before: readonly FollowerState[],
  states: readonly FollowerState[],
): readonly Change[] {
  return states.filter((state) => !before.includes(state)).flatMap(({ changes }) => changes);
}

/** Settings in which the boards differ are the default ones. */
function boardOf(boards: readonly Board[]): Board | null {
  const [first, ...others] = boards;
  if (first === undefined) return null;
  if (others.length === 0) return first;
  const { columns, overAfter, notice, ...board } = first;
  const isSame = (field: "columns" | "overAfter") =>
    others.every((other) => JSON.stringify(other[field]) === JSON.stringify(first[field]));
  const text = notice ?? others.find((other) => other.notice)?.notice;
  return {
    ...board,
    // The rows of another board may come later, and then it is another board.
    name: boards.map(({ name }) => name).join(),
    ...(columns && isSame("columns") && { columns }),
    ...(overAfter && isSame("overAfter") && { overAfter }),
    ...(text && { notice: text }),
  };
}

/** All attributions, with the oldest of the last answers. */
function sourceOf(sources: readonly BoardSource[]): BoardSource | null {
  const [oldest] = sources.toSorted((one, other) => answerOf(one) - answerOf(other));
  if (oldest === undefined) return null;
  const { link, ...source } = oldest;
  const texts = (field: "name" | "attribution") =>
    [...new Set(sources.map((one) => one[field]))].join(", ");
  const isSameLink = sources.every((one) => one.link === link);
  return {
    ...source,
    name: texts("name"),
    attribution: texts("attribution"),
    ...(link && isSameLink && { link }),
  };
}

function answerOf({ lastAnswer }: BoardSource): number {
  return parseInstant(lastAnswer) ?? 0;
}
