// The state of a followed board that the page renders.

import {
  followBoard,
  parseInstant,
  unknownTimetable,
  type BoardFollower,
  type ConnectionState,
  type StreamEnvironment,
  type Timetable,
} from "flightboard-client";
import { shownChanges, updateHighlights, type Change, type Highlights } from "./changes.ts";
import type { Environment } from "./environment.ts";
import { RowKeeper } from "./offline/row-keeper.ts";

export interface FollowerState {
  readonly timetable: Timetable;
  readonly connection: ConnectionState;
  /** How far the server's clock is ahead of this one, in milliseconds; undefined until it has sent its time. */
  readonly clockOffset: number | undefined;
  /** The last time at which a publisher or the source said something, by the server's clock. */
  readonly lastUpdate: number | undefined;
  /** Set while the rows are those that this browser has kept: when they were right, by the server's clock. */
  readonly keptAt?: number | undefined;
  /** The changes since the previous rendering. */
  readonly changes: readonly Change[];
  readonly highlights: Highlights;
}

/** Smaller differences come from the time that a heartbeat takes. */
const CLOCK_STEP_MILLIS = 1_000;

export type FollowerEnvironment = StreamEnvironment & Pick<Environment, "onBuild" | "keptRows">;

export class Follower {
  #board: BoardFollower | undefined;
  #followed: FollowerState = {
    timetable: unknownTimetable,
    connection: { status: "connecting" },
    clockOffset: undefined,
    lastUpdate: undefined,
    changes: [],
    highlights: new Map(),
  };
  #listeners = new Set<() => void>();
  readonly #keeper: RowKeeper | undefined;

  constructor(
    /** That of the board. */
    private readonly url: string,
    private readonly environment: FollowerEnvironment,
  ) {
    const { keptRows, clock } = environment;
    this.#keeper = keptRows && new RowKeeper(url, keptRows, clock);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly followed = (): FollowerState => this.#followed;

  open(): void {
    let changes: readonly Change[] = [];
    const { environment } = this;
    this.#board = followBoard(
      this.url,
      {
        onChange: (rows) => (changes = shownChanges(rows)),
        onRows: (_, timetable) => {
          const highlights = updateHighlights(this.#followed.highlights, changes);
          const connection = this.#board?.status() ?? this.#followed.connection;
          this.#render({ timetable, connection, keptAt: undefined, changes, highlights });
          changes = [];
        },
        onStatus: (connection) => {
          if (connection !== this.#followed.connection) this.#render({ connection, changes });
          if (connection.status === "reconnecting") void this.#showKept();
        },
        onHeartbeat: ({ at, lastUpdate, build }) => {
          if (build !== undefined) environment.onBuild(build);
          this.#setServerTime(parseInstant(at), parseInstant(lastUpdate));
        },
      },
      { environment },
    );
  }

  /** By the server's clock, once it has sent its time. */
  readonly now = (): number => this.environment.clock.now() + (this.#followed.clockOffset ?? 0);

  readonly stop = (): void => this.#board?.stop();
  readonly resume = (): void => this.#board?.resume();

  async changeAccess(): Promise<void> {
    await this.#board?.changeAccess();
  }

  dispose(): void {
    this.#board?.close();
    this.#keeper?.close();
  }

  /** In place of rows that the server cannot send now. */
  async #showKept(): Promise<void> {
    if (this.#followed.timetable.board !== null) return;
    const kept = await this.environment.keptRows?.read(this.url).catch(() => undefined);
    const { timetable, connection } = this.#followed;
    if (kept === undefined || timetable.board !== null || connection.status !== "reconnecting")
      return;
    this.#render({ timetable: kept.timetable, keptAt: kept.at, changes: [] });
  }

  #setServerTime(at: number | undefined, lastUpdate: number | undefined): void {
    if (at === undefined) return;
    const before = this.#followed;
    let clockOffset = at - this.environment.clock.now();
    if (Math.abs(clockOffset - (before.clockOffset ?? Infinity)) < CLOCK_STEP_MILLIS)
      clockOffset = before.clockOffset!;
    if (clockOffset !== before.clockOffset || lastUpdate !== before.lastUpdate)
      this.#render({ clockOffset, lastUpdate, changes: [] });
  }

  #render(state: Partial<FollowerState>): void {
    this.#followed = withoutFalseRows({ ...this.#followed, ...state });
    this.#keeper?.hear(this.#followed);
    for (const listener of this.#listeners) listener();
  }
}

/** Kept rows are shown as such, and for no longer than the server is away. */
function withoutFalseRows(state: FollowerState): FollowerState {
  if (state.keptAt === undefined) return state;
  const { status } = state.connection;
  if (status === "reconnecting" || status === "stopped") return state;
  return { ...state, timetable: unknownTimetable, keptAt: undefined };
}
