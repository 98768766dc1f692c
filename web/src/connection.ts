// Keeps one board's stream open and tracks whether its rows are known to be current.
// It does not know React, nor how events change a flight; follower.ts listens to it.
//
// A browser's EventSource reconnects after a cut, but stops for good on any status other than 200 (a
// proxy's 502 during a restart), never notices silence, and never backs off. In these cases this module creates
// a new one. A new EventSource sends no `Last-Event-ID` header, so the id goes into the query.
//
// "live" is a claim about the rows, not about the socket: an open stream may still owe missed events. The rows
// are live after a whole timetable, or when the server confirms that its newest event is the last one received.

import { Backoff, spread } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import { eventNames, readEvent, type BoardEvent, type Heartbeat } from "./events.ts";
import { isAfter, sameEpoch } from "./ids.ts";
import { parseInstant } from "./time.ts";
import { Watchdog } from "./watchdog.ts";

/** `since` is when the rows were last known to be right, which is before the fault was noticed. */
export type ConnectionState =
  | { status: "connecting" }
  | { status: "live" }
  | { status: "reconnecting"; since: number }
  /** Open, but heartbeats are missing, name an event that has not arrived, or say that the head is unknown. */
  | { status: "stale"; since: number }
  | { status: "stopped"; since: number }
  /** The server has no such board; `since` if there are rows from before. */
  | { status: "absent"; since?: number }
  /** The board is private or absent, and the server does not say which. `detail` is its sentence. */
  | { status: "denied"; hadRows: boolean; detail?: string | undefined }
  | { status: "closed"; reason?: string };

/** The part of `EventSource` that the page uses, native or polyfill. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export type BoardStatus = "open" | "closed" | "absent" | "denied" | "unknown";

/**
 * A board's answer to a plain request. `head` is the id of its newest event if the server gave one; `behind` is
 * for how many seconds the server itself may have been out of date, if it says so; `detail` is why it denies the
 * board.
 */
export interface BoardSummary {
  status: BoardStatus;
  detail?: string | undefined;
  head?: string | undefined;
  behind?: number | undefined;
}

export interface Environment {
  open(url: string): EventStream;
  fetchBoard(board: string): Promise<BoardSummary>;
  /** Returns why the server did not accept the token, if it did not. */
  signIn(token: string): Promise<string | undefined>;
  signOut(): Promise<void>;
  clock: Clock;
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** Each heartbeat names the build of the page that the server has. */
  onBuild(build: string): void;
}

export interface ConnectionListener {
  /** Returns false if the event does not fit the rows, which proves that an earlier event is lost. */
  onEvent(event: BoardEvent): boolean;
  onState(state: ConnectionState): void;
  /** The build of the page that the server has. */
  onBuild(build: string): void;
  /** The server's time, in milliseconds. */
  onServerTime(at: number): void;
}

/** Two heartbeat intervals of 15 s plus 5 s of slack. */
export const SILENCE_TIMEOUT_MILLIS = 35_000;
/**
 * Longer than any `retry:` of an overloaded server, which the page must respect, and long enough for a large
 * timetable on a slow line.
 */
export const CONNECT_TIMEOUT_MILLIS = 130_000;
/** Time allowed for the event named by a heartbeat's head to arrive. */
export const GAP_TIMEOUT_MILLIS = 2_000;
/** The browser reconnects by itself, with the server's `retry:`, until as many errors have followed each other. */
export const BROWSER_RETRIES = 3;
/** The longest time between two questions whether a closed board is open again, or a denied one accessible. */
export const REOPEN_POLL_MILLIS = 30_000;

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
  readonly #watchdog: Watchdog;
  /** Counts attempts since the rows were last confirmed. */
  readonly #backoff: Backoff;
  /** Errors after which the browser may still reconnect by itself. None on a new stream, which has no `retry:`. */
  #browserRetries = 0;
  /** The browser waits for the time of `retry:` or reconnects. */
  #isBrowserRetrying = false;
  #isSuspended = false;
  /** Incremented whenever the stream is closed, so that late answers can be recognised. */
  #generation = 0;
  #cancel: { retry?: () => void; gap?: () => void } = {};

  constructor(
    private readonly board: string,
    private readonly environment: Environment,
    private readonly listener: ConnectionListener,
  ) {
    const limit = () => this.#silenceLimit();
    this.#watchdog = new Watchdog(environment.clock, limit, () => this.#onSilence());
    this.#backoff = new Backoff(() => environment.random());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    this.#connect({ status: "connecting" });
  }

  /** Closes the stream at the reader's request. */
  stop(): void {
    if (this.#isEnded()) return;
    this.#closeStream();
    this.#isSuspended = false;
    this.#setState({ status: "stopped", since: this.#lastConfirmed() });
  }

  /** Reconnects after the last event received. */
  resume(): void {
    if (this.#state.status === "stopped") this.#connect({ status: "connecting" });
  }

  /** The reader has signed in or out, so the server may give another answer than before. */
  async changeAccess(): Promise<void> {
    this.#closeStream();
    this.#isSuspended = false;
    await this.#askAndConnect();
  }

  /** The page is hidden for good, frozen or in the back/forward cache: it must not hold a stream. */
  suspend(): void {
    if (this.#isAtRest()) return;
    this.#closeStream();
    this.#isSuspended = true;
    this.#setState({ status: "reconnecting", since: this.#lastConfirmed() });
  }

  /** The page is visible again; its timers may have been suspended. A reader waits, so nothing is put off. */
  wake(): void {
    if (this.#state.status === "closed") return void this.#followIfReopened();
    if (this.#state.status === "denied") return void this.#askAndConnect();
    if (this.#isAtRest()) return;
    if (this.#isSuspended || this.#stream === undefined) this.#connect(this.#state);
    else if (this.#watchdog.isSilent()) this.#connect(this.#stateInSilence());
  }

  /**
   * The network is back, for all screens behind it at the same moment. A stream from before may be bound to a
   * dead interface and never report it.
   */
  renew(): void {
    if (this.#isAtRest() || this.#isSuspended) return;
    if (this.#stream?.readyState === OPEN) return this.#replace();
    if (this.#stream !== undefined) return;
    this.#backoff.reset();
    this.#scheduleRetry("ask");
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
    this.#browserRetries = 0;
    this.#isBrowserRetrying = false;
    this.#watchdog.restart();
    this.#listen(stream);
  }

  #listen(stream: EventStream): void {
    // After close() a native EventSource is silent, but a polyfill may not be.
    const listen = (type: string, hear: (event: Event) => void) =>
      stream.addEventListener(type, (event) => {
        if (this.#stream === stream) hear(event);
      });
    // An event of the server may have any name, even these.
    listen("open", (event) => "data" in event || this.#onOpen());
    listen("error", (event) => "data" in event || this.#onError(stream));
    for (const name of eventNames) {
      listen(name, (event) => this.#onMessage(name, event as MessageEvent));
    }
  }

  /**
   * A first stream begins with all rows. A resumed one does not say how many events it still owes, but sends a
   * heartbeat after them.
   */
  #onOpen(): void {
    this.#browserRetries = BROWSER_RETRIES;
    this.#isBrowserRetrying = false;
    this.#watchdog.restart();
    // This may be another server. If it is behind, it says so before any rows.
    this.#behindSince = undefined;
  }

  #onError(stream: EventStream): void {
    this.#stopExpecting();
    this.#markReconnecting();
    if (stream.readyState === CLOSED) {
      // A page that is opened on a board that does not exist says so at once.
      const isNew = this.#confirmedAt === undefined && this.#backoff.attempts === 0;
      const wait = this.#backoff.next();
      return this.#scheduleRetry("ask", isNew ? 0 : wait);
    }
    // A browser's own attempts follow each other without back-off.
    if (this.#browserRetries === 0) return this.#scheduleRetry("connect");
    this.#browserRetries -= 1;
    this.#isBrowserRetrying = true;
    this.#watchdog.restart();
  }

  #onMessage(name: (typeof eventNames)[number], message: MessageEvent): void {
    const event = readEvent(name, message.data);
    // The event is lost, so the rows are wrong.
    if (event === undefined) return this.#restartFromTimetable();
    this.#watchdog.restart();
    if (event.name === "heartbeat") this.#receiveHeartbeat(event.data, message.lastEventId);
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
    if (!this.listener.onEvent(event)) return this.#restartFromTimetable();
    if (id !== "") this.#lastId = id;
    if (event.name === "closedConnection") this.#close(event.data.reason);
    else if (this.#expectedHead === undefined) this.#refreshConfirmation();
    else if (!isAfter(this.#expectedHead.head, this.#lastId)) this.#confirmHead();
  }

  #receiveHeartbeat({ head, at, behind, build }: Heartbeat["data"], id: string): void {
    if (build !== undefined) this.listener.onBuild(build);
    const serverTime = parseInstant(at);
    if (serverTime !== undefined) this.listener.onServerTime(serverTime);
    // Events with names that this page does not know reach no listener, but the browser keeps their ids and
    // shows the last one in every later event.
    if (this.#lastId !== "" && id !== "" && id !== this.#lastId) {
      if (isAfter(id, this.#lastId)) this.#lastId = id;
      else if (!sameEpoch(id, this.#lastId)) return this.#restartFromTimetable();
    }
    if (behind === undefined) {
      this.#behindSince = undefined;
      return this.#compareWithHead(head);
    }
    // The head of a server that is behind proves nothing.
    this.#behindSince ??= this.#now() - behind * 1_000;
    this.#stopExpecting();
    if (this.#lastId === "") return;
    this.#confirmRows();
    void this.#findReplica();
  }

  /** The stream is ordered: the event named by the head came before the heartbeat or follows right after. */
  #compareWithHead(head: string): void {
    if (head === this.#lastId) this.#confirmHead();
    else this.#expectHead(head);
  }

  /** Reconnects if another replica, which is up to date, answers a request: it may get the stream as well. */
  async #findReplica(): Promise<void> {
    const generation = this.#generation;
    const { head, behind } = await this.environment.fetchBoard(this.board);
    if (generation !== this.#generation || this.#stream?.readyState !== OPEN) return;
    const isBetter = head !== undefined && behind === undefined;
    if (isBetter && this.#behindSince !== undefined) this.#replace();
  }

  #expectHead(head: string): void {
    const before = this.#expectedHead;
    const seen = this.#lastId;
    this.#expectedHead = { head, after: seen };
    // Events arrive, but slowly. Reconnecting would slow them down further.
    if (before !== undefined && before.after !== seen) return;
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
  }

  #repairGap(): void {
    if (this.#lastGapId === this.#lastId) this.#lastId = "";
    this.#lastGapId = this.#lastId;
    this.#replace();
  }

  /** The server's newest event is the last one received here. */
  #confirmHead(): void {
    this.#backoff.reset();
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
    this.#scheduleRetry("connect");
  }

  #close(reason?: string): void {
    this.#closeStream();
    this.#setState(reason === undefined ? { status: "closed" } : { status: "closed", reason });
    this.#awaitReopening();
  }

  #awaitReopening(): void {
    const wait = spread(REOPEN_POLL_MILLIS, 0.5, this.environment.random());
    this.#cancel.retry?.();
    this.#cancel.retry = this.environment.clock.after(wait, () => void this.#followIfReopened());
  }

  async #followIfReopened(): Promise<void> {
    const generation = this.#generation;
    const { status } = await this.environment.fetchBoard(this.board);
    if (generation !== this.#generation) return;
    if (status !== "open") return this.#awaitReopening();
    // Nothing of the former rows is on the board.
    this.#lastId = "";
    this.#connect({ status: "connecting" });
  }

  /**
   * Creates a new stream after a back-off. "ask" when the browser has given up: only a plain request tells whether
   * the board is closed or absent.
   */
  #scheduleRetry(action: "connect" | "ask", waitMillis = this.#backoff.next()): void {
    this.#closeStream();
    this.#cancel.retry = this.environment.clock.after(waitMillis, () => {
      if (action === "ask") void this.#askAndConnect();
      else this.#connect(this.#state);
    });
  }

  async #askAndConnect(): Promise<void> {
    const generation = this.#generation;
    const { status, detail } = await this.environment.fetchBoard(this.board);
    if (generation !== this.#generation) return;
    const isDenied = this.#state.status === "denied";
    if (status === "denied") {
      this.#deny(detail);
    } else if (status === "unknown" && isDenied) {
      this.#askAgain();
    } else if (status === "closed") {
      this.#close();
    } else if (status === "absent") {
      const since = this.#confirmedAt;
      this.#setState(since === undefined ? { status } : { status, since });
      this.#scheduleRetry("ask");
    } else {
      const isNew = this.#state.status === "absent" || isDenied;
      this.#connect(isNew ? { status: "connecting" } : this.#state);
    }
  }

  /** Forgets the rows: the reader has no right to them any more. */
  #deny(detail: string | undefined): void {
    const before = this.#state;
    const hadRows = before.status === "denied" ? before.hadRows : this.#lastId !== "";
    this.#lastId = "";
    this.#confirmedAt = undefined;
    this.#backoff.reset();
    this.#setState({ status: "denied", hadRows, detail });
    this.#askAgain();
  }

  /** Now and then: somebody may give the token of an unattended screen its right. */
  #askAgain(): void {
    this.#scheduleRetry("ask", spread(REOPEN_POLL_MILLIS, 0.5, this.environment.random()));
  }

  /** All screens may have lost the server in the same second, so the new stream waits. */
  #onSilence(): void {
    const state = this.#stateInSilence();
    if (state !== this.#state) this.#setState(state);
    this.#scheduleRetry("connect");
  }

  #stateInSilence(): ConnectionState {
    const since = this.#lastConfirmed();
    if (this.#state.status === "live") return { status: "stale", since };
    return this.#state.status === "connecting" ? { status: "reconnecting", since } : this.#state;
  }

  /** The time without any event after which the stream is given up. */
  #silenceLimit(): number {
    if (this.#isBrowserRetrying) return CONNECT_TIMEOUT_MILLIS;
    if (this.#state.status === "live" || this.#stream?.readyState !== OPEN)
      return SILENCE_TIMEOUT_MILLIS;
    // It is open, but its events are held back. Each attempt waits longer, for a large timetable on a slow line.
    return Math.min(CONNECT_TIMEOUT_MILLIS, SILENCE_TIMEOUT_MILLIS * 2 ** this.#backoff.attempts);
  }

  #closeStream(): void {
    this.#generation += 1;
    this.#watchdog.stop();
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

  /** Stopped by the reader, or ended by the server: there is no stream to keep. */
  #isAtRest(): boolean {
    return this.#state.status === "stopped" || this.#isEnded();
  }

  #isEnded(): boolean {
    return this.#state.status === "closed" || this.#state.status === "denied";
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
}
