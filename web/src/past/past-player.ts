// The board as of a time of the past: its rows, fetched while the time is chosen and streamed while it is played. It is
// at rest while the page is live.

import { backoff, type ConnectionState } from "flightboard-client";
import type { Follower, FollowerState } from "../follower.ts";
import { subscribe as subscribeUrl } from "../route.ts";
import { fetchOldestTime, fetchPastRows, isTemporary, isTimetable } from "./past-requests.ts";
import type { PastFault } from "./past-requests.ts";
import { pastTimeOf, withPastTime, type PastTime, type Speed } from "./past-time.ts";
import { noRows, waitingFor, type ShownPast } from "./shown-past.ts";
import { Playback, type PlaybackEnvironment } from "./playback.ts";

const MINUTE = 60_000;

/** The shown time moves no more often while it is played. */
const MIN_TICK_MILLIS = 250;

/** The time bar of a board with a longer past has steps of a minute. */
export const MAX_YOUNG_MILLIS = 2 * 60 * MINUTE;

export interface PastState {
  /** The oldest time that can be had; undefined until the server has named it. */
  readonly oldest: number | undefined;
  /** Why the server has not named it. */
  readonly fault: PastFault | undefined;
  /** Of the present or the next playback. */
  readonly speed: Speed;
  /** Undefined while the page is live. */
  readonly shown: ShownPast | undefined;
}

export class PastPlayer {
  #state: PastState;
  readonly #listeners = new Set<() => void>();
  #playback: Playback | undefined;
  /** The time of the next request: one is on its way, and the last choice wins. */
  #wanted: number | undefined;
  #isAsking = false;
  /** Requests for this time without an answer. */
  #attempts = 0;
  #isDisposed = false;
  #cancelRetry: (() => void) | undefined;
  #cancelSearch: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #leaveUrl: (() => void) | undefined;
  /** The time in the URL, as it was read or written last. */
  #url: PastTime | undefined;

  constructor(
    /** That of the board. */
    private readonly url: string,
    private readonly environment: PlaybackEnvironment,
    private readonly live: Pick<Follower, "followed" | "now">,
  ) {
    this.#url = pastTimeOf(window.location.search);
    const shown = this.#url && waitingFor(this.#url.at);
    const speed = this.#url?.speed ?? 1;
    this.#state = { oldest: undefined, fault: undefined, speed, shown };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): PastState => this.#state;

  open(): void {
    this.#isDisposed = false;
    this.#leaveUrl = subscribeUrl(() => this.#followUrl());
    void this.#findOldest();
    if (this.#url) this.#begin(this.#url);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#leaveUrl?.();
    this.#cancelSearch?.();
    this.#rest();
  }

  /** Shows the rows as of a time, and plays nothing. */
  seek(at: number): void {
    this.#rest();
    const before = this.#state.shown ?? this.#present();
    this.#show({ ...before, at, isPlaying: false, fault: undefined });
    this.#attempts = 0;
    this.#wanted = at;
    void this.#ask();
  }

  /** Plays from the chosen time on. */
  play(): void {
    const { shown, speed } = this.#state;
    if (shown === undefined) return;
    this.#rest();
    this.#playback = new Playback(this.url, shown.at, speed, this.environment, {
      onRows: () => this.#tick(),
      onLive: () => this.end(),
      onFault: (fault) => this.#fail(fault),
    });
    this.#show({ ...shown, isPlaying: true, fault: undefined });
    this.#writeUrl({ at: shown.at, speed });
  }

  pause(): void {
    const { shown } = this.#state;
    if (shown === undefined) return;
    // To the second: links have no more, and the rows are asked for again as of then.
    this.seek(Math.floor(shown.at / 1_000) * 1_000);
  }

  setSpeed(speed: Speed): void {
    this.#set({ speed });
    if (this.#state.shown?.isPlaying) this.play();
  }

  /** Back to the live board. */
  readonly end = (): void => {
    this.#rest();
    this.#set({ shown: undefined });
    this.#writeUrl(undefined);
  };

  #begin({ at, speed }: PastTime): void {
    if (speed === undefined) return this.seek(at);
    this.#set({ speed, shown: waitingFor(at) });
    this.play();
  }

  /** The reader has gone to another entry of the history. */
  #followUrl(): void {
    const time = pastTimeOf(window.location.search);
    if (time?.at === this.#url?.at && time?.speed === this.#url?.speed) return;
    this.#url = time;
    if (time) return this.#begin(time);
    this.#rest();
    this.#set({ shown: undefined });
  }

  /** Replaces the entry of the history: Back leaves the board. */
  #writeUrl(time: PastTime | undefined): void {
    if (time?.at === this.#url?.at && time?.speed === this.#url?.speed) return;
    this.#url = time;
    const { state } = window.history;
    try {
      window.history.replaceState(state, "", withPastTime(window.location.href, time));
    } catch {
      // Safari refuses more than 100 changes within 30 seconds; then the URL is behind until the next one.
    }
  }

  /** Ends the playback and the requests. */
  #rest(): void {
    this.#playback?.close();
    this.#playback = undefined;
    this.#wanted = undefined;
    this.#cancelRetry?.();
    this.#cancelTick?.();
  }

  async #findOldest(attempts = 0): Promise<void> {
    const { clock, random } = this.environment;
    const fault = await fetchOldestTime(this.url);
    if (this.#isDisposed) return;
    if (fault.kind === "tooOld") return this.#set({ oldest: fault.oldest, fault: undefined });
    this.#set({ fault });
    if (!isTemporary(fault)) return;
    const again = () => void this.#findOldest(attempts + 1);
    this.#cancelSearch = clock.after(backoff(attempts, random()), again);
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#wanted !== undefined) {
      const at = this.#wanted;
      this.#wanted = undefined;
      const answer = await fetchPastRows(this.url, at);
      if (this.#isDisposed || !this.#state.shown || this.#playback) continue;
      if (isTimetable(answer)) {
        this.#attempts = 0;
        this.#showRows(at, { ...noRows, timetable: answer, connection: stopped(at) });
      } else if (this.#wanted === undefined) this.#fail(answer);
    }
    this.#isAsking = false;
  }

  #showRows(rowsAt: number, followed: FollowerState): void {
    this.#show({ ...this.#state.shown!, rowsAt, followed, fault: undefined });
    if (rowsAt === this.#state.shown!.at) this.#writeUrl({ at: rowsAt, speed: undefined });
  }

  #fail(fault: PastFault): void {
    const { shown } = this.#state;
    if (shown === undefined) return;
    if (fault.kind === "tooOld") this.#set({ oldest: fault.oldest, fault: undefined });
    if (isTemporary(fault)) {
      // A playback tries again itself.
      if (!this.#playback) this.#retry(shown.at);
      return this.#show({ ...shown, fault });
    }
    this.#rest();
    // The reader may play from the beginning on.
    const at = fault.kind === "tooOld" ? fault.oldest : shown.at;
    this.#show({ ...waitingFor(at), fault });
  }

  #retry(at: number): void {
    const { clock, random } = this.environment;
    const wait = backoff(this.#attempts++, random());
    this.#cancelRetry = clock.after(wait, () => {
      this.#wanted = at;
      void this.#ask();
    });
  }

  /** The playback has other rows, or has reached another minute. */
  #tick(): void {
    const playback = this.#playback;
    const { shown, speed } = this.#state;
    this.#cancelTick?.();
    if (playback === undefined || shown === undefined) return;
    const at = playback.played();
    const { connection, ...rest } = playback.followed();
    const isRight = connection.status === "live";
    const followed: FollowerState =
      rest.timetable.board === null
        ? { ...shown.followed, changes: [] }
        : { ...rest, lastUpdate: undefined, connection: isRight ? stopped(at) : connection };
    const fault = isRight ? undefined : shown.fault;
    this.#show({ at, isPlaying: true, rowsAt: at, followed: asOf(followed, at), fault });
    if (!playback.isRunning()) return;
    // The time bar of a young board has seconds.
    const isYoung = this.live.now() - at < MAX_YOUNG_MILLIS;
    const wait = isYoung ? 1_000 : Math.max((MINUTE - (at % MINUTE)) / speed, MIN_TICK_MILLIS);
    this.#cancelTick = this.environment.clock.after(wait, () => this.#tick());
  }

  /** The rows of the live board, if they are right, until others come. */
  #present(): ShownPast {
    const { timetable, connection } = this.live.followed();
    const now = this.live.now();
    if (connection.status !== "live") return waitingFor(now);
    const followed = { ...noRows, timetable, connection: stopped(now) };
    return { ...waitingFor(now), rowsAt: now, followed };
  }

  #show(shown: ShownPast): void {
    this.#set({ shown });
  }

  #set(change: Partial<PastState>): void {
    if (this.#isDisposed) return;
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function stopped(since: number): ConnectionState {
  return { status: "stopped", since };
}

function asOf(followed: FollowerState, at: number): FollowerState {
  const { connection } = followed;
  const isOfNow = "since" in connection && connection.since !== undefined;
  return {
    ...followed,
    clockOffset: 0,
    connection: isOfNow ? { ...connection, since: at } : connection,
  };
}
