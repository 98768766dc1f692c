// Announces changes to screen readers: one polite live region for the whole board, at most one announcement
// every few seconds. A live region on the table itself would never stop talking.

import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { announcement, mergeChanges, type AnnouncementContext } from "./announce.ts";
import type { Announcements } from "./announcements.ts";
import type { Change } from "./changes.ts";
import { CitiesContext } from "./cities.ts";

export const COLLECT_MILLIS = 1_000;
export const MIN_PAUSE_MILLIS = 6_000;

interface Props extends Omit<AnnouncementContext, "cities"> {
  changes: readonly Change[];
  choice: Announcements;
}

export function Announcer({ changes, choice, board, language, followed }: Props) {
  const cities = useContext(CitiesContext);
  const [text, setText] = useState("");
  /** The unannounced changes of each flight as one, so bounded by the number of rows. */
  const waiting = useRef(new Map<string, Change>());
  const latest = useRef<AnnouncementContext>(undefined);
  latest.current = { board, language, cities, followed };
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const quietUntil = useRef(0);

  useEffect(() => {
    for (const change of changes) {
      if (!isWanted(change, choice, followed)) continue;
      waiting.current.set(change.key, mergeChanges(waiting.current.get(change.key), change));
    }
    if (waiting.current.size === 0 || timer.current !== undefined) return;
    const wait = Math.max(COLLECT_MILLIS, quietUntil.current - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      quietUntil.current = Date.now() + MIN_PAUSE_MILLIS;
      setText(announcement([...waiting.current.values()], latest.current!));
      waiting.current.clear();
    }, wait);
    // Only a change is a reason: the same ones must not be announced again after another choice.
  }, [changes]);

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
      waiting.current.clear();
    },
    [choice],
  );

  return (
    <p class="visually-hidden" dir="auto" aria-live="polite" aria-atomic="true" data-announcer>
      {text}
    </p>
  );
}

function isWanted({ key }: Change, choice: Announcements, followed: ReadonlySet<string>): boolean {
  return choice === "all" || (choice === "followed" && followed.has(key));
}
