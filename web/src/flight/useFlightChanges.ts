// The changes of a flight, from the server.

import type { Flight } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import { fetchChanges, type LoggedChange } from "../history/logged-changes.ts";

const SHOWN_CHANGES = 50;
/** A flight may change several times in a second. */
export const REFRESH_MILLIS = 1_000;

/** Undefined until the server has answered. Asks again when the row has changed; without an answer the last one stays. */
export function useFlightChanges(
  board: string,
  flight: Flight,
  pastTime: number | undefined,
): readonly LoggedChange[] | undefined {
  const [changes, setChanges] = useState<readonly LoggedChange[]>();
  const isFirst = changes === undefined;
  useEffect(() => {
    let isPresent = true;
    const { flight: number, date, leg } = flight;
    const key = { flight: number, ...(date && { date }), ...(leg && { leg }) };
    const timer = setTimeout(
      () =>
        fetchChanges(board, {
          flight: key,
          limit: SHOWN_CHANGES,
          until: pastTime,
          token: undefined,
        })
          .then((found) => isPresent && setChanges(found ?? []))
          .catch(() => undefined),
      isFirst ? 0 : REFRESH_MILLIS,
    );
    return () => {
      isPresent = false;
      clearTimeout(timer);
    };
  }, [board, flight]);
  return changes;
}
