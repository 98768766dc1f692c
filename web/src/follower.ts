// Joins a board's connection with its timetable, and tells the page in a bounded rhythm: a replay of
// a thousand missed events is one rendering, not a thousand.

import { changesBetween, marked, type Change, type Marks } from "./changes.ts";
import { Connection, type ConnectionState, type Surroundings } from "./connection.ts";
import type { BoardEvent } from "./events.ts";
import { apply, unknownTimetable, type Timetable } from "./timetable.ts";

export interface Followed {
  readonly timetable: Timetable;
  readonly connection: ConnectionState;
  /** What the newest rendering changed. */
  readonly changes: readonly Change[];
  readonly marks: Marks;
}

export const RENDER_MILLIS = 40;

export class Follower {
  readonly #connection: Connection;
  #timetable = unknownTimetable;
  #followed: Followed;
  #callOff: (() => void) | undefined;
  #listeners = new Set<() => void>();

  constructor(
    board: string,
    private readonly surroundings: Surroundings,
  ) {
    this.#connection = new Connection(board, surroundings, {
      onEvent: (event) => this.#take(event),
      onState: () => this.#tell(),
    });
    this.#followed = {
      timetable: unknownTimetable,
      connection: this.#connection.state,
      changes: [],
      marks: new Map(),
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly followed = (): Followed => this.#followed;

  readonly open = (): void => this.#connection.open();
  readonly stop = (): void => this.#connection.stop();
  readonly resume = (): void => this.#connection.resume();
  readonly suspend = (): void => this.#connection.suspend();
  readonly renew = (): void => this.#connection.renew();

  readonly wake = (): void => {
    this.#connection.wake();
    // The timers of a hidden page run late: what has come meanwhile is shown with the first look.
    if (this.#callOff) this.#tell();
  };

  dispose(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#connection.dispose();
  }

  #take(event: BoardEvent): void {
    this.#timetable = apply(this.#timetable, event);
    this.#callOff ??= this.surroundings.clock.after(RENDER_MILLIS, () => this.#tell());
  }

  #tell(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const changes = changesBetween(this.#followed.timetable, this.#timetable);
    this.#followed = {
      timetable: this.#timetable,
      connection: this.#connection.state,
      changes,
      marks: marked(this.#followed.marks, changes),
    };
    for (const listener of this.#listeners) listener();
  }
}
