// Reads changes out: one polite region for the whole board, and never more than now and then, as a region
// on the table itself would be talking without end.

import { useEffect, useRef, useState } from "react";
import { announcement } from "./announce.ts";
import type { Change } from "./changes.ts";
import type { Board } from "./flight.ts";

export const GATHER_MILLIS = 1_000;
export const PAUSE_MILLIS = 6_000;

export function Announcer({ changes, board }: { changes: readonly Change[]; board: Board }) {
  const [text, setText] = useState("");
  /** The newest change of each flight that has not been read out, so never more than there are rows. */
  const waiting = useRef(new Map<string, Change>());
  const latest = useRef(board);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const quietUntil = useRef(0);

  useEffect(() => {
    latest.current = board;
    for (const change of changes) waiting.current.set(change.key, change);
    if (waiting.current.size === 0 || timer.current !== undefined) return;
    const wait = Math.max(GATHER_MILLIS, quietUntil.current - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      quietUntil.current = Date.now() + PAUSE_MILLIS;
      setText(announcement([...waiting.current.values()], latest.current));
      waiting.current.clear();
    }, wait);
  }, [changes, board]);

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );

  return (
    <p className="unseen" aria-live="polite" aria-atomic="true" data-announcer>
      {text}
    </p>
  );
}
