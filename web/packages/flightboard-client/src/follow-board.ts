// Follows a board: its stream, its rows, and the life of the page.

import { browserEnvironment, type BrowserOptions } from "./browser-environment.ts";
import { createConnection, type ConnectionState } from "./connection.ts";
import type { StreamEnvironment } from "./environment.ts";
import type { Heartbeat } from "./events.ts";
import type { Flight } from "./flight.ts";
import { watchPage } from "./page-life.ts";
import {
  apply,
  changesBetween,
  unknownTimetable,
  type RowChange,
  type Timetable,
} from "./timetable.ts";

/** The shortest time between two calls of `onRows`: hundreds of changes a second must not keep a screen busy. */
export const ROWS_INTERVAL_MILLIS = 250;

export interface BoardListener {
  /** All rows, in the order in which they were added, and the board that has them. */
  onRows?(rows: readonly Flight[], timetable: Timetable): void;
  /** The rows that differ since the last call of `onRows`, right before the next one. Not for the first rows. */
  onChange?(changes: readonly RowChange[]): void;
  /** Whether the rows are known to be right. Rows that came before are passed on first. */
  onStatus?(status: ConnectionState): void;
  /**
   * Every 15 seconds: the server's time `at`, the time `lastUpdate` of the last update of the board, both in RFC 3339, and
   * the `build` of the server's own page.
   */
  onHeartbeat?(heartbeat: Heartbeat["data"]): void;
}

export interface FollowOptions extends BrowserOptions {
  /** @internal The network and the clock, for tests. */
  environment?: StreamEnvironment;
}

export interface BoardFollower {
  status(): ConnectionState;
  /** Closes the stream and keeps the rows, until `resume`. */
  stop(): void;
  /** Continues after `stop`. */
  resume(): void;
  /** The page is hidden for good: closes the stream until `wake`. In a browser this needs no call. */
  suspend(): void;
  /** The page is visible again. In a browser this needs no call. */
  wake(): void;
  /** The network is back. In a browser this needs no call. */
  renew(): void;
  /** The reader has signed in or out. */
  changeAccess(): Promise<void>;
  /** Ends it for good. */
  close(): void;
}

/**
 * Follows the board at `url`, such as `https://airport.example/boards/main` or `/boards/main`, until `close`.
 *
 * It does not throw: a fault is a status, and is repaired without a call. The rows are right as long as the status is
 * `live`. All tabs of this origin that follow the board share one stream.
 */
export function followBoard(
  url: string,
  listener: BoardListener,
  options: FollowOptions = {},
): BoardFollower {
  const environment = options.environment ?? browserEnvironment(options);
  let timetable = unknownTimetable;
  /** The rows that the listener has. */
  let told = unknownTimetable;
  let cancel: (() => void) | undefined;

  const connection = createConnection(boardUrl(url), environment, {
    onEvent(event) {
      const before = timetable;
      timetable = apply(before, event, before.flights === told.flights);
      // A reader who has no rows yet waits for these.
      if (told.board) cancel ??= environment.clock.after(0, tellRows);
      else tellRows();
      return timetable !== before;
    },
    onState(state) {
      if (state.status === "denied") timetable = unknownTimetable;
      tellRows();
      listener.onStatus?.(state);
    },
    onHeartbeat: (heartbeat) => listener.onHeartbeat?.(heartbeat),
  });

  function tellRows(): void {
    cancel?.();
    cancel = undefined;
    if (timetable === told) return;
    const changes = changesBetween(told, timetable);
    told = timetable;
    // The listener gets changes within this time together, and a later one at once.
    cancel = environment.clock.after(ROWS_INTERVAL_MILLIS, tellRows);
    if (changes[0]) listener.onChange?.(changes);
    listener.onRows?.([...told.flights.values()], told);
  }

  const unwatchPage = watchPage(connection);
  connection.open();
  return {
    ...connection,
    close() {
      cancel?.();
      unwatchPage();
      connection.dispose();
    },
  };
}

function boardUrl(url: string): string {
  const { origin, pathname } = new URL(url, document.baseURI);
  return origin + pathname.replace(/\/$/, "");
}
