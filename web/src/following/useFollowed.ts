// The flights that the reader follows: their cards and announcements.

import { useSyncExternalStore } from "preact/compat";
import { useEffect, useMemo } from "preact/hooks";
import type { Cities } from "../cities.ts";
import type { SheetContext } from "../rows/FlightSheet.tsx";
import type { SortedRow } from "../rows/order.ts";
import { boardPath, urlOf } from "../route.ts";
import { litTile } from "../rows/status.ts";
import { FollowedFlights } from "./followed-flights.ts";
import { notify, vibrate } from "./notify.ts";
import { summaryOf, titleOf } from "./summary.ts";

export interface Followed {
  readonly keys: ReadonlySet<string>;
  /** The followed rows that are on the board, in its order. */
  readonly rows: readonly SortedRow[];
  /** For the page's title. */
  readonly title: string | undefined;
  isFollowed(row: SortedRow): boolean;
  toggle(row: SortedRow): void;
}

interface Surroundings {
  /** Undefined until the board is known. */
  readonly context: SheetContext | undefined;
  readonly cities: Cities;
  /** Whether `context.now` is by the server's clock. A screen's own may be wrong, and all flights be over by it. */
  readonly isTimeKnown: boolean;
}

export function useFollowed(
  name: string,
  rows: readonly SortedRow[],
  { context, cities, isTimeKnown }: Surroundings,
): Followed {
  const flights = useMemo(() => {
    const key = `flightboard.followed ${urlOf(boardPath(name))}`;
    return new FollowedFlights(key, () => window.localStorage);
  }, [name]);
  useEffect(() => {
    window.addEventListener("storage", flights.refresh);
    return () => window.removeEventListener("storage", flights.refresh);
  }, [flights]);
  const keys = useSyncExternalStore(flights.subscribe, flights.keys);

  useEffect(() => {
    if (context === undefined || !isTimeKnown || keys.size === 0) return;
    const byKey = new Map(rows.filter(({ key }) => keys.has(key)).map((row) => [row.key, row]));
    for (const { flight, key } of flights.update(byKey, context.board, context.now)) {
      const { toPlace, place, movement } = summaryOf(flight, context, cities);
      const title = titleOf(flight, context, cities);
      const where = place && toPlace(place);
      const body =
        where && movement ? context.language.joined(where, movement) : where || movement || "";
      notify(title, body, `${key} ${title} ${body}`);
      if (litTile(flight) !== undefined) vibrate();
    }
  }, [flights, keys, rows, context, cities, isTimeKnown]);

  const shown = useMemo(() => rows.filter(({ key }) => keys.has(key)), [rows, keys]);
  const first = shown[0];
  return {
    keys,
    rows: shown,
    title: first && context ? titleOf(first.flight, context, cities) : undefined,
    isFollowed: ({ key }) => keys.has(key),
    toggle: (row) => {
      if (keys.has(row.key)) flights.unfollow(row.key);
      else if (context) flights.follow(row, context.board, context.now);
    },
  };
}
