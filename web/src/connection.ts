// Keeps one board's stream open and tracks whether its rows are known to be current.
// It does not know React, nor how events change a flight; follower.ts listens to it.
//
// A browser's EventSource reconnects after a cut, but stops for good on any status other than 200 (a
// proxy's 502 during a restart), and never notices silence. In both cases this module creates a new one.
// A new EventSource sends no `Last-Event-ID` header, so the id goes into the query.
//
// "live" is a claim about the rows, not about the socket: an open stream may still owe missed events. The rows
// are live after a whole timetable, or when the server confirms that its newest event is the last one received.

import type { Clock } from "./clock.ts";
import { eventNames, readEvent, type BoardEvent, type Heartbeat } from "./events.ts";
import { isAfter, sameEpoch } from "./ids.ts";

/** `since` is when the rows were last known to be right, which is before the fault was noticed. */
export type ConnectionState =
  | { status: "connecting" }
  | { status: "live" }
  | { status: "reconnecting"; since: number }
  /** Open, but heartbeats are missing, name an event that has not arrived, or say that the head is unknown. */
  | { status: "stale"; since: number }
  | { status: "stopped"; since: number }
  | { status: "absent" }
  | { status: "closed"; reason?: string };

/** The part of `EventSource` that the page uses, native or polyfill. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export type BoardStatus = "open" | "closed" | "absent" | "unknown";

/**
 * A board's answer to a plain request. `head` is the id of its newest event if the server gave one; `behind` is
 * for how many seconds the server itself may have been out of date, if it says so.
 */
export interface BoardSummary {
  status: BoardStatus;
  head?: string | undefined;
  behind?: number | undefined;
}

export interface Environment {
  open(url: string): EventStream;
  fetchBoard(board: string): Promise<BoardSummary>;
  clock: Clock;
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
}

export interface ConnectionListener {
  onEvent(event: BoardEvent): void;
  onState(state: ConnectionState): void;
}

/** Two heartbeat intervals of 15 s plus 5 s of slack. */
export const SILENCE_TIMEOUT_MILLIS = 35_000;
/**
 * Applies while the page already says that it does not know. Longer than any `retry:` of an overloaded server,
 * which the page must respect, and long enough for a large timetable on a slow line.
 */
export const CONNECT_TIMEOUT_MILLIS = 130_000;
/** Time allowed for the event named by a heartbeat's head to arrive. */
export const GAP_TIMEOUT_MILLIS = 2_000;
/** Timers stop while the computer sleeps; the watchdog notices within this time of waking up. */
export const WATCHDOG_INTERVAL_MILLIS = 1_000;
export const MIN_BACKOFF_MILLIS = 1_000;
export const MAX_BACKOFF_MILLIS = 30_000;

const OPEN = 1;
const CLOSED = 2;

export class Connection {
  #state: ConnectionState = { status: "connecting" };
  #stream: EventStream | undefined;
  #lastId = "";
  /** The time at which the rows were last confirmed to be right. */
  #confirmedAt: number | undefined;
  /** A head that has not arrived yet, and the last id received when it was announced. */
  #expectedHead: { head: string; after: string } | undefined;
  /** Since when the server itself may be behind, if it says so. */
  #behindSince: number | undefined;
  /** The last id at the previous gap. A second gap at the same id is not repaired by resuming from it again. */
  #lastGapId: string | undefined;
  /** The last byte received or connection attempt. */
  #lastActivity: { wall: number; ticks: number };
  /** Failed attempts since the rows were last confirmed; sets the back-off. */
  #attempts = 0;
  #isSuspended = false;
  /** Incremented whenever the stream is closed, so that late answers can be recognised. */
  #generation = 0;
  #cancel: { watch?: () => void; retry?: () => void; gap?: () => void; fetch?: () => void } = {};

  constructor(
    private readonly board: string,
    private readonly environment: Environment,
    private readonly listener: ConnectionListener,
  ) {
    this.#lastActivity = this.#timestamp();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    this.#connect({ status: "connecting" });
  }

  /** Closes the stream at the reader's request. */
  stop(): void {
    if (this.#state.status === "closed") return;
    this.#closeStream();
    this.#isSuspended = false;
    this.#setState({ status: "stopped", since: this.#lastConfirmed() });
  }

  /** Reconnects after the last event received. */
  resume(): void {
    if (this.#state.status === "stopped") this.#connect({ status: "connecting" });
  }

  /** The page is hidden for good, frozen or in the back/forward cache: it must not hold a stream. */
  suspend(): void {
    if (this.#isAtRest()) return;
    this.#closeStream();
    this.#isSuspended = true;
    this.#setState({ status: "reconnecting", since: this.#lastConfirmed() });
  }

  /** The page is visible again; its timers may have been suspended. */
  wake(): void {
    if (this.#isAtRest()) return;
    if (this.#isSuspended || this.#stream === undefined) this.#connect(this.#state);
    else if (this.#isSilent()) this.#rebuild();
  }

  /** The network is back. A stream from before may be bound to a dead interface and never report it. */
  renew(): void {
    if (this.#isAtRest() || this.#stream?.readyState !== OPEN) this.wake();
    else this.#replace();
  }

  /** Closes the stream without a state change, once the listener is gone. */
  dispose(): void {
    this.#closeStream();
  }

  #connect(state: ConnectionState): void {
    this.#closeStream();
    this.#isSuspended = false;
    this.#setState(state);
    const stream = this.environment.open(this.#url());
    this.#stream = stream;
    this.#recordActivity();
    this.#listen(stream);
  }

  #listen(stream: EventStream): void {
    // After close() a native EventSource is silent, but a polyfill may not be.
    const listen = (type: string, hear: (event: Event) => void) =>
      stream.addEventListener(type, (event) => {
        if (this.#stream === stream) hear(event);
      });
    listen("open", () => this.#onOpen());
    listen("error", () => this.#onError(stream));
    for (const name of eventNames) {
      listen(name, (event) => this.#onMessage(name, event as MessageEvent));
    }
  }

  /** A first stream begins with all rows. A resumed one does not say how many events it still owes. */
  #onOpen(): void {
    this.#recordActivity();
    // This may be another server. If it is behind, it says so before any rows.
    this.#behindSince = undefined;
    if (this.#lastId === "") return;
    this.#cancel.fetch?.();
    this.#cancel.fetch = this.environment.clock.after(
      GAP_TIMEOUT_MILLIS,
      () => void this.#fetchHead(),
    );
  }

  #onError(stream: EventStream): void {
    this.#stopExpecting();
    this.#markReconnecting();
    if (stream.readyState === CLOSED) this.#scheduleRetry();
    else this.#recordActivity();
  }

  #onMessage(name: (typeof eventNames)[number], message: MessageEvent): void {
    const event = readEvent(name, message.data);
    // The event is lost, so the rows are wrong.
    if (event === undefined) return this.#restartFromTimetable();
    this.#recordActivity();
    if (event.name === "heartbeat") this.#receiveHeartbeat(event.data);
    else this.#receive(event, message.lastEventId);
  }

  #receive(event: BoardEvent, id: string): void {
    if (event.name === "timetable") {
      this.#lastId = id;
      this.listener.onEvent(event);
      this.#confirmRows();
      return;
    }
    // An update without a preceding timetable.
    if (this.#lastId === "") return this.#restartFromTimetable();
    if (id !== "" && !isAfter(id, this.#lastId)) {
      // A duplicate: behind a proxy that strips `Last-Event-ID`, a browser resumes from the older id in the
      // URL. An id of another epoch belongs to another history, so these rows cannot be kept.
      if (!sameEpoch(id, this.#lastId)) this.#restartFromTimetable();
      return;
    }
    if (id !== "") this.#lastId = id;
    this.listener.onEvent(event);
    if (event.name === "closedConnection") this.#close(event.data.reason);
    else if (this.#expectedHead === undefined) this.#refreshConfirmation();
    else if (!isAfter(this.#expectedHead.head, this.#lastId)) this.#confirmHead();
  }

  #receiveHeartbeat({ head, behind }: Heartbeat["data"]): void {
    if (behind === undefined) {
      this.#behindSince = undefined;
      return this.#compareWithHead(head);
    }
    // The head of a server that is behind proves nothing.
    this.#behindSince ??= this.#now() - behind * 1_000;
    this.#stopExpecting();
    if (this.#lastId === "") return;
    this.#confirmRows();
    // Another replica may be up to date and answer this request.
    void this.#fetchHead();
  }

  /** The stream is ordered: the event named by the head came before the heartbeat or follows right after. */
  #compareWithHead(head: string): void {
    if (head === this.#lastId) this.#confirmHead();
    else this.#expectHead(head);
  }

  /** Requests the head instead of waiting for the next heartbeat, which cancels this. */
  async #fetchHead(): Promise<void> {
    const generation = this.#generation;
    const { head, behind } = await this.environment.fetchBoard(this.board);
    const isOpen = generation === this.#generation && this.#stream?.readyState === OPEN;
    if (!isOpen || head === undefined || behind !== undefined) return;
    if (this.#behindSince !== undefined) return this.#replace();
    // The stream itself has said more in the meantime.
    if (this.#state.status === "live" || this.#expectedHead !== undefined) return;
    if (head === this.#lastId) this.#confirmHead();
    // An older head: an event overtook the answer. Wait for the next heartbeat.
    else if (isAfter(head, this.#lastId)) this.#expectHead(head);
  }

  #expectHead(head: string): void {
    const before = this.#expectedHead;
    const seen = this.#lastId;
    this.#expectedHead = { head, after: seen };
    // Events arrive, but slowly. Reconnecting would slow them down further.
    if (before !== undefined && before.after !== seen) return;
    this.#cancel.fetch?.();
    this.#cancel.gap?.();
    this.#cancel.gap = this.environment.clock.after(GAP_TIMEOUT_MILLIS, () => {
      if (this.#lastId === seen) this.#repairGap();
      else if (this.#state.status === "live")
        this.#setState({ status: "stale", since: this.#lastConfirmed() });
    });
  }

  #stopExpecting(): void {
    this.#expectedHead = undefined;
    this.#cancel.gap?.();
    this.#cancel.fetch?.();
  }

  #repairGap(): void {
    if (this.#lastGapId === this.#lastId) this.#lastId = "";
    this.#lastGapId = this.#lastId;
    this.#replace();
  }

  /** The server's newest event is the last one received here. */
  #confirmHead(): void {
    this.#attempts = 0;
    this.#lastGapId = undefined;
    this.#confirmRows();
  }

  #confirmRows(): void {
    this.#stopExpecting();
    if (this.#behindSince === undefined) {
      this.#confirmedAt = this.#now();
      this.#setState({ status: "live" });
    } else if (this.#state.status !== "stale") {
      this.#confirmedAt = this.#behindSince;
      this.#setState({ status: "stale", since: this.#behindSince });
    }
  }

  #refreshConfirmation(): void {
    if (this.#state.status === "live") this.#confirmedAt = this.#now();
  }

  #markReconnecting(): void {
    const { status } = this.#state;
    if (status === "reconnecting" || status === "stale") return;
    this.#setState({ status: "reconnecting", since: this.#lastConfirmed() });
  }

  /** Reconnects without an id to get a whole timetable, since these rows cannot be trusted. */
  #restartFromTimetable(): void {
    this.#lastId = "";
    this.#replace();
  }

  #replace(): void {
    this.#markReconnecting();
    this.#scheduleRetry();
  }

  #close(reason?: string): void {
    this.#closeStream();
    this.#setState(reason === undefined ? { status: "closed" } : { status: "closed", reason });
  }

  /** Creates a new stream after a back-off, if the board still exists. */
  #scheduleRetry(): void {
    this.#closeStream();
    const longest = Math.min(MAX_BACKOFF_MILLIS, MIN_BACKOFF_MILLIS * 2 ** this.#attempts);
    this.#attempts += 1;
    // Half fixed, half random: all screens lost the server in the same second.
    const wait = (longest * (1 + this.environment.random())) / 2;
    this.#cancel.retry = this.environment.clock.after(wait, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    const generation = this.#generation;
    const { status } = await this.environment.fetchBoard(this.board);
    if (generation !== this.#generation) return;
    if (status === "closed") {
      this.#close();
    } else if (status === "absent") {
      this.#setState({ status: "absent" });
      this.#scheduleRetry();
    } else {
      this.#connect(this.#state.status === "absent" ? { status: "connecting" } : this.#state);
    }
  }

  /** Restarts the watchdog. */
  #recordActivity(): void {
    this.#lastActivity = this.#timestamp();
    this.#watch();
  }

  #watch(): void {
    this.#cancel.watch?.();
    this.#cancel.watch = this.environment.clock.after(WATCHDOG_INTERVAL_MILLIS, () => {
      if (this.#isSilent()) this.#rebuild();
      else this.#watch();
    });
  }

  /**
   * Measures with both clocks: the wall clock keeps running while the computer sleeps, the monotonic clock
   * cannot be set back. Either alone could mistake an hour for a moment.
   */
  #isSilent(): boolean {
    const { wall, ticks } = this.#timestamp();
    const silence = Math.max(wall - this.#lastActivity.wall, ticks - this.#lastActivity.ticks);
    const isTrusted = this.#state.status === "live" && this.#stream?.readyState === OPEN;
    return silence >= (isTrusted ? SILENCE_TIMEOUT_MILLIS : CONNECT_TIMEOUT_MILLIS);
  }

  #rebuild(): void {
    this.#connect(
      this.#state.status === "live"
        ? { status: "stale", since: this.#lastConfirmed() }
        : this.#state,
    );
  }

  #closeStream(): void {
    this.#generation += 1;
    for (const cancel of Object.values(this.#cancel)) cancel();
    this.#cancel = {};
    this.#expectedHead = undefined;
    this.#stream?.close();
    this.#stream = undefined;
  }

  #setState(state: ConnectionState): void {
    if (state.status === "live" && this.#state.status === "live") return;
    this.#state = state;
    this.listener.onState(state);
  }

  /** Stopped by the reader, or closed for good: it does not reconnect on its own. */
  #isAtRest(): boolean {
    return this.#state.status === "stopped" || this.#state.status === "closed";
  }

  #url(): string {
    const events = `/boards/${encodeURIComponent(this.board)}/events`;
    return this.#lastId === ""
      ? events
      : `${events}?lastEventId=${encodeURIComponent(this.#lastId)}`;
  }

  #lastConfirmed(): number {
    return this.#confirmedAt ?? this.#now();
  }

  #now(): number {
    return this.environment.clock.now();
  }

  #timestamp(): { wall: number; ticks: number } {
    return { wall: this.#now(), ticks: this.environment.clock.ticks() };
  }
}
