// The time by the server's clock. A screen's own clock may be wrong.

import type { Clock } from "flightboard-client";
import { useEffect, useReducer } from "preact/hooks";

const MINUTE = 60_000;

/** The minute that has begun, and another one each minute; by the screen's own clock until the server has sent its time. */
export function useMinute(clock: Clock, offset: number | undefined): number {
  const [, renderAgain] = useReducer<number, void>((count) => count + 1, 0);
  const now = clock.now() + (offset ?? 0);
  const minute = Math.floor(now / MINUTE) * MINUTE;
  // After each rendering: the clock may have been set, or the computer may have slept.
  useEffect(() => clock.after(minute + MINUTE - now, renderAgain));
  return minute;
}
