// Keeps one board's stream open and tracks whether its rows are known to be current.
// It does not know Preact, nor how events change a flight; follower.ts listens to it.
//
// Where a browser's EventSource would not reconnect, this module creates a new one. A new EventSource sends no
// `Last-Event-ID` header, so the id goes into the query.
//
// "live" is a claim about the rows, not about the socket: an open stream may still owe missed events. The rows
// are live after a whole timetable, or when the server confirms that its newest event is the last one received.

import { Backoff } from "./backoff.ts";
import { BoardInquiry } from "./board-inquiry.ts";
import { BoardStream, CONNECT_TIMEOUT_MILLIS, SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { Completeness } from "./completeness.ts";
import type { BoardSummary, StreamEnvironment } from "./environment.ts";
import { eventOf, type BoardEvent, type Heartbeat, type StreamEvent } from "./events.ts";
import { parseInstant } from "./instant.ts";

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

export interface ConnectionListener {
  /** Returns false if the event does not fit the rows, which proves that an earlier event is lost. */
  onEvent(event: BoardEvent): boolean;
  onState(state: ConnectionState): void;
  /** The build of the page that the server has. */
  onBuild(build: string): void;
  /** The server's time, and that of the last update of the board, in milliseconds. */
  onServerTime(at: number, lastUpdate: number | undefined): void;
}

export class Connection {
  #state: ConnectionState = { status: "connecting" };
  /** The time at which the rows were last confirmed to be right. */
  #confirmedAt: number | undefined;
  /** When the first rows were asked for, which no stream has confirmed yet. */
  #rowsAt: number | undefined;
  #isSuspended = false;
  readonly #stream: BoardStream;
  readonly #completeness: Completeness;
  readonly #inquiry: BoardInquiry;
  /** The first rows come by a plain request, until one has been answered or has failed. */
  #asksForRows: boolean;
  /** Counts attempts since the rows were last confirmed. */
  readonly #backoff: Backoff;
  #cancelRetry: (() => void) | undefined;

  constructor(
    /** That of the board, such as `/boards/main`. */
    private readonly url: string,
    private readonly environment: StreamEnvironment,
    private readonly listener: ConnectionListener,
  ) {
    this.#asksForRows = environment.fetchRows !== undefined;
    this.#backoff = new Backoff(() => environment.random());
    this.#inquiry = new BoardInquiry(url, environment, (answer) => this.#onAnswer(answer));
    this.#completeness = new Completeness(environment.clock, {
      onEvent: (event) => this.#deliver(event),
      onProgress: () => this.#refreshConfirmation(),
      onHead: () => this.#backoff.reset(),
      onConfirmation: (behindSince) => this.#confirm(behindSince),
      onServerBehind: () => void this.#findReplica(),
      onLateHead: () => this.#markStale(),
      onLoss: () => this.#replace(),
    });
    const listens = {
      onOpen: () => this.#completeness.beginStream(),
      onEvent: (event: StreamEvent, id: string) => this.#receive(event, id),
      onUnreadable: () => this.#restartFromTimetable(),
      onCut: () => this.#onCut(),
      onRefusal: () => this.#onRefusal(),
      onExhaustion: () => this.#reconnectLater(),
      onSilence: () => this.#onSilence(),
    };
    this.#stream = new BoardStream(environment, listens, () => this.#openLimit());
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
    await this.#inquiry.ask();
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
    if (this.#isEnded()) return void this.#inquiry.ask();
    if (this.#isAtRest()) return;
    if (this.#isSuspended || !this.#stream.exists) this.#connect(this.#state);
    else if (this.#stream.isSilent()) this.#connect(this.#stateInSilence());
  }

  /**
   * The network is back, for all screens behind it at the same moment. A stream from before may be bound to a
   * dead interface and never report it.
   */
  renew(): void {
    if (this.#isAtRest() || this.#isSuspended) return;
    if (this.#stream.isOpen) return this.#replace();
    if (this.#stream.exists) return;
    this.#backoff.reset();
    this.#askLater(this.#backoff.next());
  }

  /** Closes the stream without a state change, once the listener is gone. */
  dispose(): void {
    this.#closeStream();
  }

  #connect(state: ConnectionState): void {
    this.#closeStream();
    this.#isSuspended = false;
    this.#setState(state);
    if (this.#asksForRows) void this.#beginWithRows();
    else this.#stream.open(this.url, this.#completeness.lastId);
  }

  /** An event stream is not compressed, so these rows are here sooner. The stream confirms them. */
  async #beginWithRows(): Promise<void> {
    const askedAt = this.#now();
    const request = async () => (await this.environment.fetchRows?.(this.url)) ?? null;
    const rows = await this.#inquiry.unlessLate(request());
    if (rows === undefined) return;
    this.#asksForRows = false;
    const event = rows && eventOf("timetable", rows.data);
    if (rows !== null && event?.name === "timetable") {
      this.#rowsAt = askedAt;
      this.#completeness.begin(event, rows.id);
    }
    this.#stream.open(this.url, this.#completeness.lastId);
  }

  #receive(event: StreamEvent, id: string): void {
    if (event.name !== "heartbeat") return this.#completeness.receive(event, id);
    this.#tellServer(event.data);
    this.#completeness.receiveHeartbeat(event.data, id);
  }

  #tellServer({ at, lastUpdate, build }: Heartbeat["data"]): void {
    if (build !== undefined) this.listener.onBuild(build);
    const serverTime = parseInstant(at);
    if (serverTime !== undefined) this.listener.onServerTime(serverTime, parseInstant(lastUpdate));
  }

  #deliver(event: BoardEvent): boolean {
    if (!this.listener.onEvent(event)) return false;
    if (event.name === "closedConnection") this.#close(event.data.reason);
    return true;
  }

  #confirm(behindSince: number | undefined): void {
    if (behindSince === undefined) {
      this.#confirmedAt = this.#now();
      this.#setState({ status: "live" });
    } else if (this.#state.status !== "stale") {
      this.#confirmedAt = behindSince;
      this.#setState({ status: "stale", since: behindSince });
    }
  }

  #refreshConfirmation(): void {
    if (this.#state.status === "live") this.#confirmedAt = this.#now();
  }

  #markStale(): void {
    if (this.#state.status === "live")
      this.#setState({ status: "stale", since: this.#lastConfirmed() });
  }

  #markReconnecting(): void {
    const { status } = this.#state;
    if (status === "reconnecting" || status === "stale") return;
    this.#setState({ status: "reconnecting", since: this.#lastConfirmed() });
  }

  /** Reconnects if another replica, which is up to date, answers a request: it may get the stream as well. */
  async #findReplica(): Promise<void> {
    const answer = await this.#inquiry.fetch();
    if (answer === undefined || !this.#stream.isOpen) return;
    const isBetter = answer.head !== undefined && answer.behind === undefined;
    if (isBetter && this.#completeness.isServerBehind) this.#replace();
  }

  #onCut(): void {
    this.#completeness.stopExpecting();
    this.#markReconnecting();
  }

  /** Only a plain request tells whether the board is closed, absent or denied. */
  #onRefusal(): void {
    // A page that is opened on a board that does not exist says so at once.
    const isNew = this.#confirmedAt === undefined && this.#backoff.attempts === 0;
    const wait = this.#backoff.next();
    this.#askLater(isNew ? 0 : wait);
  }

  /** All screens may have lost the server in the same second, so the new stream waits. */
  #onSilence(): void {
    const state = this.#stateInSilence();
    if (state !== this.#state) this.#setState(state);
    this.#reconnectLater();
  }

  #stateInSilence(): ConnectionState {
    const since = this.#lastConfirmed();
    if (this.#state.status === "live") return { status: "stale", since };
    return this.#state.status === "connecting" ? { status: "reconnecting", since } : this.#state;
  }

  /** The time without any event after which an open stream is given up. */
  #openLimit(): number {
    if (this.#state.status === "live") return SILENCE_TIMEOUT_MILLIS;
    // Its events are held back. Each attempt waits longer, for a large timetable on a slow line.
    return Math.min(CONNECT_TIMEOUT_MILLIS, SILENCE_TIMEOUT_MILLIS * 2 ** this.#backoff.attempts);
  }

  /** Reconnects without an id to get a whole timetable, since these rows cannot be trusted. */
  #restartFromTimetable(): void {
    this.#completeness.forgetRows();
    this.#replace();
  }

  #replace(): void {
    this.#markReconnecting();
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    this.#closeStream();
    const wait = this.#backoff.next();
    this.#cancelRetry = this.environment.clock.after(wait, () => this.#connect(this.#state));
  }

  #askLater(waitMillis: number): void {
    this.#closeStream();
    this.#inquiry.askAfter(waitMillis);
  }

  #onAnswer({ status, detail, reason }: BoardSummary): void {
    const { status: before } = this.#state;
    if (status === "denied") {
      this.#deny(detail);
    } else if (before === "closed") {
      this.#followIfReopened(status === "open");
    } else if (status === "unknown" && before === "denied") {
      this.#inquiry.askNowAndThen();
    } else if (status === "closed") {
      this.#close(reason);
    } else if (status === "absent") {
      const since = this.#confirmedAt ?? this.#rowsAt;
      this.#setState(since === undefined ? { status } : { status, since });
      this.#askLater(this.#backoff.next());
    } else {
      const isNew = before === "absent" || before === "denied";
      this.#connect(isNew ? { status: "connecting" } : this.#state);
    }
  }

  #close(reason?: string): void {
    this.#closeStream();
    this.#setState(reason === undefined ? { status: "closed" } : { status: "closed", reason });
    this.#inquiry.askNowAndThen();
  }

  #followIfReopened(isOpen: boolean): void {
    if (!isOpen) return this.#inquiry.askNowAndThen();
    // Nothing of the former rows is on the board.
    this.#completeness.forgetRows();
    this.#connect({ status: "connecting" });
  }

  /** Forgets the rows: the reader has no right to them any more. Somebody may give an unattended screen its right. */
  #deny(detail: string | undefined): void {
    const before = this.#state;
    const hadRows = before.status === "denied" ? before.hadRows : this.#completeness.lastId !== "";
    this.#completeness.forgetRows();
    this.#confirmedAt = this.#rowsAt = undefined;
    this.#backoff.reset();
    this.#setState({ status: "denied", hadRows, detail });
    this.#inquiry.askNowAndThen();
  }

  #closeStream(): void {
    this.#stream.close();
    this.#completeness.stopExpecting();
    this.#inquiry.cancel();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
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

  #lastConfirmed(): number {
    return this.#confirmedAt ?? this.#rowsAt ?? this.#now();
  }

  #now(): number {
    return this.environment.clock.now();
  }
}
