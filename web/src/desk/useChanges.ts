// The last changes of the board: from the server, or else those that this page has seen.

import type { Clock, Flight } from "flightboard-client";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Change } from "../changes.ts";
import type { FollowerState } from "../follower.ts";
import { fieldNames, type Value } from "../history/fields.ts";
import { fetchChanges, type LoggedChange } from "../history/logged-changes.ts";

const SHOWN_CHANGES = 30;
/** More than are shown: each answer of a source is a change too. */
const REQUESTED_CHANGES = 100;
/** Rows of a large board change many times a second. */
export const REFRESH_MILLIS = 1_500;

export interface ChangeList {
  readonly source: "server" | "absent" | "silent";
  readonly changes: readonly LoggedChange[];
}

export function useChanges(
  board: string,
  { timetable, changes }: FollowerState,
  clock: Clock,
  token: string | undefined,
): ChangeList {
  const seen = useSeenChanges(timetable.flights, changes, clock);
  const [answer, setAnswer] = useState<readonly LoggedChange[]>();
  const [source, setSource] = useState<ChangeList["source"]>("server");
  const isWaiting = useRef(false);
  const isPresent = useRef(true);
  useEffect(() => () => void (isPresent.current = false), []);
  const isKnown = timetable.board !== null;
  // The newest: a request that waits may have been asked for before the sign-in.
  const latestToken = useRef(token);
  latestToken.current = token;
  useEffect(() => {
    if (!isKnown || isWaiting.current) return;
    isWaiting.current = true;
    clock.after(answer === undefined ? 0 : REFRESH_MILLIS, async () => {
      isWaiting.current = false;
      try {
        const found = await fetchChanges(board, {
          limit: REQUESTED_CHANGES,
          token: latestToken.current,
        });
        if (!isPresent.current) return;
        setAnswer(found?.filter(({ flight }) => flight !== undefined).slice(0, SHOWN_CHANGES));
        setSource(found === undefined ? "absent" : "server");
      } catch {
        if (isPresent.current) setSource("silent");
      }
    });
  }, [board, clock, isKnown, timetable.flights, token]);
  if (source === "server") return { source, changes: answer ?? [] };
  return { source, changes: seen };
}

function useSeenChanges(
  flights: ReadonlyMap<string, Flight>,
  changes: readonly Change[],
  clock: Clock,
): readonly LoggedChange[] {
  const [seen, setSeen] = useState<readonly LoggedChange[]>([]);
  const before = useRef(flights);
  const count = useRef(0);
  useEffect(() => {
    const rows = before.current;
    before.current = flights;
    if (changes.length === 0) return;
    const time = new Date(clock.now()).toISOString();
    const logged = changes.map((change) => {
      count.current += 1;
      return loggedOf(change, rows.get(change.key), `seen-${count.current}`, time);
    });
    setSeen((seen) => [...logged.reverse(), ...seen].slice(0, SHOWN_CHANGES));
  }, [flights, changes, clock]);
  return seen;
}

const EVENTS = {
  added: "flightAddition",
  changed: "flightStateUpdate",
  removed: "flightRemoval",
} as const;

function loggedOf(
  { kind, flight, fields }: Change,
  before: Flight | undefined,
  id: string,
  time: string,
): LoggedChange {
  const { flight: number, date, leg } = flight;
  const key = { flight: number, ...(date && { date }), ...(leg && { leg }) };
  const changed: Record<string, { from?: Value; to?: Value }> = {};
  for (const field of fieldNames) {
    if (fields.has(field)) changed[field] = { from: before?.[field], to: flight[field] };
  }
  return { id, time, event: EVENTS[kind], flight: key, fields: changed };
}
