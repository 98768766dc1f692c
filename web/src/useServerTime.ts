// The server's time. A screen's own clock may be wrong, and would make the source look older or younger.

import { useEffect, useReducer } from "preact/hooks";
import type { BoardSource, Clock } from "flightboard-client";
import { untilNextChange } from "./source.ts";

/**
 * Renders again whenever the source's age changes, and at `next`. Undefined until the server has sent its time.
 */
export function useServerTime(
  clock: Clock,
  offset: number | undefined,
  source: BoardSource | null,
  next: number | undefined,
): number | undefined {
  const [, renderAgain] = useReducer<number, void>((count) => count + 1, 0);
  const now = offset === undefined ? undefined : clock.now() + offset;
  // After each rendering: the clock may have been set, or the computer may have slept.
  useEffect(() => {
    if (now === undefined) return;
    const waits = [
      source === null ? undefined : untilNextChange(source, now),
      next === undefined || next < now ? undefined : next + 1 - now,
    ];
    const wait = Math.min(...waits.filter((wait) => wait !== undefined));
    return wait === Infinity ? undefined : clock.after(wait, renderAgain);
  });
  return now;
}
