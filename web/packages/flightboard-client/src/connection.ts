// Keeps one board's stream open and tracks whether its rows are known to be current.
// It does not know how events change a flight; follow-board.ts listens to it.
//
// Where a browser's EventSource would not reconnect, this module creates a new one. A new EventSource sends no
// `Last-Event-ID` header, so the id goes into the query.
//
// "live" is a claim about the rows, not about the socket: an open stream may still owe missed events. The rows
// are live after a whole timetable, or when the server confirms that its newest event is the last one received.

import { backoff, spread } from "./backoff.ts";
import {
  CONNECT_TIMEOUT_MILLIS,
  createBoardStream,
  SILENCE_TIMEOUT_MILLIS,
} from "./board-stream.ts";
import { createCompleteness } from "./completeness.ts";
import { OPEN, type BoardSummary, type StreamEnvironment } from "./environment.ts";
import { eventOf, type BoardEvent, type Heartbeat, type StreamEvent } from "./events.ts";

/** The longest time between two questions whether a closed board is open again, or a denied one accessible. */
export const REOPEN_POLL_MILLIS = 30_000;

/** `since` is when the rows were last known to be right, which is before the fault was noticed. */
export type ConnectionState =
  | { status: "connecting" }
  | { status: "live" }
  | { status: "reconnecting"; since: number }
  /** Open, but heartbeats are missing, name an event that has not arrived, or say that the head is unknown. */
  | { status: "stale"; since: number }
  | { status: "stopped"; since: number }
  /** The server has no such board; `since` if there are rows from before. */
  | { status: "absent"; since?: number | undefined }
  /** The board is private or absent, and the server does not say which. `detail` is its sentence. */
  | { status: "denied"; hadRows: boolean; detail?: string | undefined }
  | { status: "closed"; reason?: string | undefined };

export interface ConnectionListener {
  /** Returns false if the event does not fit the rows, which proves that an earlier event is lost. */
  onEvent(event: BoardEvent): boolean;
  onState(state: ConnectionState): void;
  onHeartbeat(heartbeat: Heartbeat["data"]): void;
}

export interface Connection {
  status(): ConnectionState;
  open(): void;
  /** Closes the stream at the reader's request. */
  stop(): void;
  /** Reconnects after the last event received. */
  resume(): void;
  /** The page is hidden for good, frozen or in the back/forward cache: it must not hold a stream. */
  suspend(): void;
  /** The page is visible again; its timers may have been suspended. A reader waits, so nothing is put off. */
  wake(): void;
  /**
   * The network is back, for all screens behind it at the same moment. A stream from before may be bound to a
   * dead interface and never report it.
   */
  renew(): void;
  /** The reader has signed in or out, so the server may give another answer than before. */
  changeAccess(): Promise<void>;
  /** Closes the stream without a state change, once the listener is gone. */
  dispose(): void;
}

type FullTimetable = BoardEvent & { name: "timetable" };

const CONNECTING: ConnectionState = { status: "connecting" };

/** `url` is that of the board, such as `/boards/main`. */
export function createConnection(
  url: string,
  environment: StreamEnvironment,
  listener: ConnectionListener,
): Connection {
  const { clock } = environment;
  let state = CONNECTING;
  /** The time at which the rows were last confirmed to be right. */
  let confirmedAt: number | undefined;
  /** When the first rows were asked for, which no stream has confirmed yet. */
  let rowsAt: number | undefined;
  let isSuspended = false;
  /** The first rows come by a plain request, until one has been answered or has failed. */
  let firstRows = environment.fetchRows;
  /** Attempts since the rows were last confirmed. */
  let attempts = 0;
  /** Incremented when the stream is closed, so that late answers can be recognised. */
  let generation = 0;
  let isBeginning = false;
  let cancelWait: (() => void) | undefined;
  const completeness = createCompleteness(clock, {
    onEvent: deliver,
    onProgress() {
      if (is("live")) confirmedAt = clock.now();
    },
    onHead: () => (attempts = 0),
    onConfirmation(behindSince) {
      if (!behindSince) {
        confirmedAt = clock.now();
        setState({ status: "live" });
      } else if (!is("stale")) {
        confirmedAt = behindSince;
        doubt("stale");
      }
    },
    onServerBehind: findReplica,
    onLateHead: markStale,
    onLoss: replace,
  });
  const stream = createBoardStream(
    environment,
    {
      onOpen: completeness.beginStream,
      onEvent: receive,
      // Without an id, since these rows cannot be trusted.
      onUnreadable() {
        completeness.forgetRows();
        replace();
      },
      onCut() {
        completeness.stopExpecting();
        markReconnecting();
      },
      onRefusal,
      onExhaustion: reconnectLater,
      // All screens may have lost the server in the same second, so the new stream waits.
      onSilence() {
        markSilent();
        reconnectLater();
      },
    },
    // Held back, an open stream has longer with each attempt, for a large timetable on a slow line.
    () =>
      is("live")
        ? SILENCE_TIMEOUT_MILLIS
        : Math.min(CONNECT_TIMEOUT_MILLIS, SILENCE_TIMEOUT_MILLIS * 2 ** attempts),
  );

  function connect(next: ConnectionState): void {
    closeStream();
    setState(next);
    if (firstRows) void beginWith(firstRows);
    else stream.open(url, completeness.newestId());
  }

  /** An event stream is not compressed, so these rows are here sooner. The stream confirms them. */
  async function beginWith(fetchRows: NonNullable<typeof firstRows>): Promise<void> {
    isBeginning = true;
    const askedAt = clock.now();
    const rows = await unlessLate(fetchRows(url));
    if (rows === undefined) return;
    firstRows = undefined;
    isBeginning = false;
    const event = rows && (eventOf("timetable", rows.data) as FullTimetable | undefined);
    // A board without rows may be closed, which its stream tells.
    if (event?.data.flights[0]) {
      rowsAt = rows!.at ?? askedAt;
      completeness.begin(event, rows!.id);
    }
    stream.open(url, completeness.newestId());
  }

  function receive(event: StreamEvent, id: string): void {
    if (event.name !== "heartbeat") return completeness.receive(event, id);
    listener.onHeartbeat(event.data);
    completeness.receiveHeartbeat(event.data, id);
  }

  function deliver(event: BoardEvent): boolean {
    const fits = listener.onEvent(event);
    if (event.name === "closedConnection") close(event.data.reason);
    return fits;
  }

  function markReconnecting(): void {
    if (!is("stale", "reconnecting")) doubt("reconnecting");
  }

  /** Reconnects if another replica, which is up to date, answers a request: it may get the stream as well. */
  async function findReplica(): Promise<void> {
    const answer = await unlessLate(environment.fetchBoard(url));
    const isBetter = answer?.head && answer.behind === undefined;
    if (isBetter && stream.readyState() === OPEN) replace();
  }

  /** Only a plain request tells whether the board is closed, absent or denied. */
  function onRefusal(): void {
    // A page that is opened on a board that does not exist says so at once.
    const isNew = !confirmedAt && !attempts;
    const wait = nextWait();
    later(isNew ? 0 : wait, ask);
  }

  function markStale(): void {
    if (is("live")) doubt("stale");
  }

  function markSilent(): void {
    markStale();
    markReconnecting();
  }

  function replace(): void {
    markReconnecting();
    reconnectLater();
  }

  function reconnectLater(): void {
    later(nextWait(), () => connect(state));
  }

  function nextWait(): number {
    return backoff(attempts++, environment.random());
  }

  /** Asks by a plain request whether the board is open, closed, absent or denied: an EventSource does not tell. */
  async function ask(): Promise<void> {
    const answer = await unlessLate(environment.fetchBoard(url));
    if (answer) onAnswer(answer);
  }

  /** Other screens ask at other moments. */
  function askNowAndThen(): void {
    later(spread(REOPEN_POLL_MILLIS, 0.5, environment.random()), ask);
  }

  function later(waitMillis: number, run: () => void): void {
    closeStream();
    cancelWait = clock.after(waitMillis, run);
  }

  /** The result of a request, or undefined if the stream has been closed since: it does not matter any more. */
  async function unlessLate<Result>(request: Promise<Result>): Promise<Result | undefined> {
    const before = generation;
    const result = await request;
    return before === generation ? result : undefined;
  }

  function onAnswer({ status, detail, reason }: BoardSummary): void {
    if (status === "denied") deny(detail);
    else if (is("closed")) {
      if (status !== "open") return askNowAndThen();
      // Nothing of the former rows is on the board.
      completeness.forgetRows();
      connect(CONNECTING);
    } else if (status === "unknown" && is("denied")) askNowAndThen();
    else if (status === "closed") close(reason);
    else if (status === "absent") {
      setState({ status, since: confirmedAt ?? rowsAt });
      later(nextWait(), ask);
    } else connect(is("absent", "denied") ? CONNECTING : state);
  }

  function close(reason?: string): void {
    setState({ status: "closed", reason });
    askNowAndThen();
  }

  /** Forgets the rows: the reader has no right to them any more. Somebody may give an unattended screen its right. */
  function deny(detail: string | undefined): void {
    const before = state as { hadRows?: boolean };
    const hadRows = Boolean(completeness.newestId() || before.hadRows);
    completeness.forgetRows();
    confirmedAt = rowsAt = undefined;
    attempts = 0;
    setState({ status: "denied", hadRows, detail });
    askNowAndThen();
  }

  function closeStream(): void {
    isSuspended = isBeginning = false;
    stream.close();
    completeness.stopExpecting();
    generation += 1;
    cancelWait?.();
  }

  function setState(next: ConnectionState): void {
    if (next.status === "live" && is("live")) return;
    state = next;
    listener.onState(state);
  }

  function doubt(status: "reconnecting" | "stale" | "stopped"): void {
    setState({ status, since: confirmedAt ?? rowsAt ?? clock.now() });
  }

  function is(...some: ConnectionState["status"][]): boolean {
    return some.includes(state.status);
  }

  function isEnded(): boolean {
    return is("closed", "denied");
  }

  /** Stopped by the reader, or ended by the server: there is no stream to keep. */
  function isAtRest(): boolean {
    return is("stopped") || isEnded();
  }

  return {
    status: () => state,
    open: () => connect(CONNECTING),
    stop() {
      if (isEnded()) return;
      closeStream();
      doubt("stopped");
    },
    resume() {
      if (is("stopped")) connect(CONNECTING);
    },
    suspend() {
      if (isAtRest()) return;
      closeStream();
      isSuspended = true;
      doubt("reconnecting");
    },
    wake() {
      if (isEnded()) return void ask();
      if (isAtRest() || isBeginning) return;
      if (stream.readyState() === undefined) return connect(state);
      if (!stream.isSilent()) return;
      markSilent();
      connect(state);
    },
    renew() {
      if (isAtRest() || isSuspended) return;
      if (stream.readyState() === OPEN) return replace();
      if (stream.readyState() !== undefined) return;
      attempts = 0;
      later(nextWait(), ask);
    },
    changeAccess() {
      closeStream();
      return ask();
    },
    dispose: closeStream,
  };
}
