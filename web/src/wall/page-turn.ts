// Which page of a wall is shown.

import type { Clock } from "flightboard-client";
import { useEffect, useReducer } from "preact/hooks";

export interface Turn {
  /** From 0. */
  readonly page: number;
  /** Grows with each turn, and when the first page is called while it is shown: then it is shown for a whole turn. */
  readonly count: number;
}

export type TurnCause = { cause: "time"; pages: number } | { cause: "call" };

export const firstTurn: Turn = { page: 0, count: 0 };

export function turned({ page, count }: Turn, event: TurnCause): Turn {
  const next = event.cause === "call" || page + 1 >= event.pages ? 0 : page + 1;
  return { page: next, count: count + 1 };
}

/** Turns pages every `millis`. `call` is another object for each call, and null without one. */
export function usePageTurn(
  clock: Clock,
  pages: number,
  millis: number,
  call: object | null,
): Turn {
  const [turn, dispatch] = useReducer(turned, firstTurn);
  useEffect(() => {
    if (call !== null) dispatch({ cause: "call" });
  }, [call]);
  useEffect(
    () => clock.after(millis, () => dispatch({ cause: "time", pages })),
    [clock, turn, pages, millis],
  );
  return turn;
}
