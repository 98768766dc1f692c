// Loads a wall again once a night, at a quiet moment, so that faults of a browser that runs for weeks do not add up.

import { useEffect, useState } from "preact/hooks";
import type { Environment } from "../environment.ts";
import { clockText, zoneOf } from "../time.ts";
import type { BoardView } from "../useFollowedBoard.ts";

/** The hours of the board's night, the last one excluded. */
export const NIGHT_HOURS = { from: 2, until: 5 };
/** Walls begin at different minutes of the night's first hour. */
export const SPREAD_MINUTES = 60;
/** The moment is quiet if there was no update of the board for this long. */
export const QUIET_MILLIS = 5 * 60_000;
/** A wall that was opened later than this before is left alone: so there is one reload a night, and never a loop. */
export const MIN_AGE_MILLIS = 12 * 3_600_000;

/** Whether each wall of this screen is at a quiet moment. */
const walls = new Map<object, boolean>();

export function useNightlyReload(view: BoardView, environment: Environment): void {
  const { clock, random } = environment;
  const [wall] = useState(() => ({ openedAt: clock.ticks(), begin: random() * SPREAD_MINUTES }));
  const isAged = clock.ticks() - wall.openedAt >= MIN_AGE_MILLIS;
  const isDue = isAged && isNight(view, wall.begin) && isQuiet(view);
  useEffect(() => {
    walls.set(wall, isDue);
    return () => void walls.delete(wall);
  }, [wall, isDue]);
  useEffect(() => {
    if (!isDue) return undefined;
    let isCurrent = true;
    // Without the server, a reload would leave the screen with the browser's error page.
    void environment.fetchBuild().then((build) => {
      const isQuietOnAll = [...walls.values()].every((quiet) => quiet);
      if (isCurrent && build !== undefined && isQuietOnAll) environment.reload();
    });
    return () => void (isCurrent = false);
  }, [isDue, view.minute, environment]);
}

function isNight({ followed, minute }: BoardView, begin: number): boolean {
  const { board } = followed.timetable;
  if (board === null) return false;
  const [hour = 0, minutes = 0] = clockText(minute, zoneOf(board)).split(":").map(Number);
  const sinceBegin = (hour - NIGHT_HOURS.from) * 60 + minutes - begin;
  return sinceBegin >= 0 && hour < NIGHT_HOURS.until;
}

function isQuiet({ followed, connection, now }: BoardView): boolean {
  const { lastUpdate } = followed;
  const isConnected = connection.status === "live" && now !== undefined;
  return isConnected && (lastUpdate === undefined || now - lastUpdate >= QUIET_MILLIS);
}
