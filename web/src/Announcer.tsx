// Announces changes to screen readers: one polite live region for the whole board, at most one announcement
// every few seconds. A live region on the table itself would never stop talking.

import { useEffect, useRef, useState } from "preact/hooks";
import { announcement } from "./announce.ts";
import type { Change } from "./changes.ts";
import type { Board } from "flightboard-client";
import type { Language } from "./language/language.ts";

export const COLLECT_MILLIS = 1_000;
export const MIN_PAUSE_MILLIS = 6_000;

interface Props {
  changes: readonly Change[];
  board: Board;
  language: Language;
}

export function Announcer({ changes, board, language }: Props) {
  const [text, setText] = useState("");
  /** The newest unannounced change of each flight, so bounded by the number of rows. */
  const waiting = useRef(new Map<string, Change>());
  const latest = useRef({ board, language });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const quietUntil = useRef(0);

  useEffect(() => {
    latest.current = { board, language };
    for (const change of changes) waiting.current.set(change.key, change);
    if (waiting.current.size === 0 || timer.current !== undefined) return;
    const wait = Math.max(COLLECT_MILLIS, quietUntil.current - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      quietUntil.current = Date.now() + MIN_PAUSE_MILLIS;
      const { board, language } = latest.current;
      setText(announcement([...waiting.current.values()], board, language));
      waiting.current.clear();
    }, wait);
  }, [changes, board, language]);

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );

  return (
    <p class="visually-hidden" dir="auto" aria-live="polite" aria-atomic="true" data-announcer>
      {text}
    </p>
  );
}
