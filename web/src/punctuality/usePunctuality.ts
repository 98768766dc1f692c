// The figures of a span, asked for again while they can change.

import type { Clock } from "flightboard-client";
import { useEffect, useReducer, useState } from "preact/hooks";
import { fetchPunctuality, type Answer } from "./figures.ts";
import type { Span } from "./span.ts";

export const RETRY_MILLIS = 5_000;
export const REFRESH_MILLIS = 2 * 60_000;
/** Events count until a day after the span. */
const LATEST_MILLIS = 24 * 60 * 60_000;

export interface Counted {
  /** The last answer about this span. */
  readonly answer?: Answer;
  /** Whether the server did not answer when it was last asked. */
  readonly hasFailed: boolean;
}

interface CountedSpan extends Counted {
  readonly span?: Span;
}

/** `now` is the server's time, once the server has sent it. While paused, an answer stays as it is. */
export function usePunctuality(
  board: string,
  span: Span | undefined,
  clock: Clock,
  { now, isPaused }: { now: number | undefined; isPaused: boolean },
): Counted {
  const [counted, setCounted] = useState<CountedSpan>({ hasFailed: false });
  const [turn, askAgain] = useReducer<number, void>((turn) => turn + 1, 0);
  const isOver = span !== undefined && now !== undefined && now > span.to + LATEST_MILLIS;
  useEffect(() => {
    if (span === undefined || (isPaused && counted.span === span)) return;
    let isWanted = true;
    let cancel: (() => void) | undefined;
    const settle = (next: Counted, wait: number | undefined) => {
      if (!isWanted) return;
      // Without an answer, the last one about this span stays.
      setCounted((old) => ({ ...(old.span === span && old), ...next, span }));
      if (wait !== undefined) cancel = clock.after(wait, askAgain);
    };
    fetchPunctuality(board, span).then(
      (answer) => settle({ answer, hasFailed: false }, isOver ? undefined : REFRESH_MILLIS),
      () => settle({ hasFailed: true }, RETRY_MILLIS),
    );
    return () => {
      isWanted = false;
      cancel?.();
    };
  }, [board, span, clock, isOver, isPaused, turn]);
  return counted.span === span ? counted : { hasFailed: false };
}
