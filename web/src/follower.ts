// Combines a board's connection with its timetable and notifies the page at a bounded rate: a replay of
// a thousand missed events is rendered once, not a thousand times.

import { changesBetween, updateHighlights, type Change, type Highlights } from "./changes.ts";
import {
  apply,
  type BoardEvent,
  Connection,
  type ConnectionState,
  fits,
  type Timetable,
  unknownTimetable,
} from "flightboard-client";
import type { Environment } from "./environment.ts";

export interface FollowerState {
  readonly timetable: Timetable;
  readonly connection: ConnectionState;
  /** How far the server's clock is ahead of this one, in milliseconds; undefined until it has sent its time. */
  readonly clockOffset: number | undefined;
  /** The changes since the previous rendering. */
  readonly changes: readonly Change[];
  readonly highlights: Highlights;
}

export const RENDER_INTERVAL_MILLIS = 40;
/** Smaller differences come from the time that a heartbeat takes. */
const CLOCK_STEP_MILLIS = 1_000;

export class Follower {
  readonly #connection: Connection;
  #timetable = unknownTimetable;
  #clockOffset: number | undefined;
  #followed: FollowerState;
  #cancel: (() => void) | undefined;
  #listeners = new Set<() => void>();

  constructor(
    board: string,
    private readonly environment: Environment,
  ) {
    this.#connection = new Connection(board, environment, {
      onEvent: (event) => this.#receive(event),
      onState: ({ status }) => {
        if (status === "denied") this.#timetable = unknownTimetable;
        this.#notify();
      },
      onBuild: (build) => environment.onBuild(build),
      onServerTime: (at) => this.#setServerTime(at),
    });
    this.#followed = {
      timetable: unknownTimetable,
      connection: this.#connection.state,
      clockOffset: undefined,
      changes: [],
      highlights: new Map(),
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly followed = (): FollowerState => this.#followed;

  readonly open = (): void => this.#connection.open();
  readonly stop = (): void => this.#connection.stop();
  readonly resume = (): void => this.#connection.resume();
  readonly suspend = (): void => this.#connection.suspend();
  readonly renew = (): void => this.#connection.renew();
  readonly changeAccess = (): Promise<void> => this.#connection.changeAccess();

  readonly wake = (): void => {
    this.#connection.wake();
    // A hidden page's timers run late: show pending events as soon as the page is visible.
    if (this.#cancel) this.#notify();
  };

  dispose(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#connection.dispose();
  }

  #receive(event: BoardEvent): boolean {
    if (!fits(this.#timetable, event)) return false;
    this.#timetable = apply(this.#timetable, event);
    this.#scheduleRendering();
    return true;
  }

  #setServerTime(at: number): void {
    const offset = at - this.environment.clock.now();
    if (Math.abs(offset - (this.#clockOffset ?? Infinity)) < CLOCK_STEP_MILLIS) return;
    this.#clockOffset = offset;
    this.#scheduleRendering();
  }

  #scheduleRendering(): void {
    this.#cancel ??= this.environment.clock.after(RENDER_INTERVAL_MILLIS, () => this.#notify());
  }

  #notify(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const changes = changesBetween(this.#followed.timetable, this.#timetable);
    this.#followed = {
      timetable: this.#timetable,
      connection: this.#connection.state,
      clockOffset: this.#clockOffset,
      changes,
      highlights: updateHighlights(this.#followed.highlights, changes),
    };
    for (const listener of this.#listeners) listener();
  }
}
