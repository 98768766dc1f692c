// Follows a board: its stream, its rows, and the life of the page.

import { browserEnvironment, type BrowserOptions } from "./browser-environment.ts";
import { Connection, type ConnectionState } from "./connection.ts";
import type { StreamEnvironment } from "./environment.ts";
import type { BoardEvent } from "./events.ts";
import type { Flight } from "./flight.ts";
import { watchPage } from "./page-life.ts";
import {
  apply,
  changesBetween,
  fits,
  unknownTimetable,
  type RowChange,
  type Timetable,
} from "./timetable.ts";

/** The shortest time between two calls of `onRows`: a replay of a thousand missed events is one call. */
export const ROWS_INTERVAL_MILLIS = 40;

export interface BoardListener {
  /** All rows, in the order in which they were added, and the board that has them. */
  onRows?(rows: readonly Flight[], timetable: Timetable): void;
  /** The rows that differ since the last call of `onRows`, right before the next one. Not for the first rows. */
  onChange?(changes: readonly RowChange[], timetable: Timetable): void;
  /** Whether the rows are known to be right. Rows that came before are passed on first. */
  onStatus?(status: ConnectionState): void;
  /**
   * The server's time, with every heartbeat, and the last time at which a publisher or the source said something of the
   * board, if the server knows it; in milliseconds since 1970.
   */
  onServerTime?(at: number, lastUpdate: number | undefined): void;
  /** The build of the page that the server has, with every heartbeat. */
  onBuild?(build: string): void;
}

export interface FollowOptions extends BrowserOptions {
  /** The network and the clock, for tests. */
  environment?: StreamEnvironment;
}

export class BoardFollower {
  readonly #connection: Connection;
  readonly #unwatchPage: () => void;
  #timetable = unknownTimetable;
  /** The rows that the listener has. */
  #told = unknownTimetable;
  #cancel: (() => void) | undefined;

  constructor(
    url: string,
    private readonly listener: BoardListener,
    private readonly environment: StreamEnvironment,
  ) {
    this.#connection = new Connection(url, environment, {
      onEvent: (event) => this.#receive(event),
      onState: (state) => {
        if (state.status === "denied") this.#timetable = unknownTimetable;
        this.#tellRows();
        listener.onStatus?.(state);
      },
      onBuild: (build) => listener.onBuild?.(build),
      onServerTime: (at, lastUpdate) => listener.onServerTime?.(at, lastUpdate),
    });
    this.#unwatchPage = watchPage(this);
    this.#connection.open();
  }

  get status(): ConnectionState {
    return this.#connection.state;
  }

  /** Ends it for good. */
  close(): void {
    this.#cancel?.();
    this.#unwatchPage();
    this.#connection.dispose();
  }

  /** Closes the stream and keeps the rows, until `resume`. */
  stop(): void {
    this.#connection.stop();
  }

  /** Continues after `stop`. */
  resume(): void {
    this.#connection.resume();
  }

  /** The page is hidden for good: closes the stream until `wake`. Calls for a page in a browser are automatic. */
  suspend(): void {
    this.#connection.suspend();
  }

  /** The page is visible again. */
  wake(): void {
    this.#connection.wake();
    // A hidden page's timers run late.
    if (this.#cancel) this.#tellRows();
  }

  /** The network is back. */
  renew(): void {
    this.#connection.renew();
  }

  /** The reader has signed in or out. */
  changeAccess(): Promise<void> {
    return this.#connection.changeAccess();
  }

  #receive(event: BoardEvent): boolean {
    if (!fits(this.#timetable, event)) return false;
    const isTold = this.#timetable.flights === this.#told.flights;
    this.#timetable = apply(this.#timetable, event, isTold);
    // A reader who has no rows yet waits for these.
    if (this.#told.board === null) this.#tellRows();
    else {
      this.#cancel ??= this.environment.clock.after(ROWS_INTERVAL_MILLIS, () => this.#tellRows());
    }
    return true;
  }

  #tellRows(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const before = this.#told;
    const timetable = this.#timetable;
    if (timetable === before) return;
    this.#told = timetable;
    const changes = changesBetween(before, timetable);
    if (changes.length > 0) this.listener.onChange?.(changes, timetable);
    this.listener.onRows?.([...timetable.flights.values()], timetable);
  }
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
  return new BoardFollower(boardUrl(url), listener, environment);
}

function boardUrl(url: string): string {
  if (typeof document === "undefined") return url.replace(/\/$/, "");
  const { origin, pathname } = new URL(url, document.baseURI);
  return origin + pathname.replace(/\/$/, "");
}
