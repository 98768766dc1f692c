// Keeps one stream of one board open for as long as it is wanted, and says what it knows of it.
// It must not know what the events mean for a flight, nor React. follower.ts hears from it.
//
// A browser's EventSource comes back by itself from a cut, but not from everything: it ends for good on
// any answer but 200 (a proxy's 502 during a restart), and it cannot notice silence. Both are mended here
// by building a new one, which has no `Last-Event-ID` header, so the id goes into the query.
//
// "live" is a claim about the rows, not about the socket: an open stream may still owe what was missed. Only
// a whole timetable, or the server's own word that its newest event is the last one seen here, makes it so.

import type { Clock } from "./clock.ts";
import { eventNames, readEvent, type BoardEvent, type Heartbeat } from "./events.ts";
import { isAfter, sameEpoch } from "./ids.ts";

/** `since` is when the rows were last known to be right, which is before whatever went wrong was noticed. */
export type ConnectionState =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "reconnecting"; since: number }
  /** It seems open, but the heartbeats stay out, or tell of more than has come, or that it is unknown. */
  | { is: "stale"; since: number }
  | { is: "stopped"; since: number }
  | { is: "absent" }
  | { is: "closed"; reason?: string };

/** What the page needs of an `EventSource`, the browser's own or a stand-in. */
export interface Stream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export type BoardFate = "open" | "closed" | "absent" | "unknown";

/**
 * A board when asked beside the stream; `head` is the id of its newest event, where it was told, and `behind`
 * for how many seconds who answers has not known that, if it is long.
 */
export interface BoardNow {
  fate: BoardFate;
  head?: string | undefined;
  behind?: number | undefined;
}

export interface Surroundings {
  open(url: string): Stream;
  askBoard(board: string): Promise<BoardNow>;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
}

export interface ConnectionListener {
  onEvent(event: BoardEvent): void;
  onState(state: ConnectionState): void;
}

/** Two heartbeats of 15 s, and some slack. */
export const SILENCE_MILLIS = 35_000;
/**
 * Where the page says already that it does not know. Longer than any `retry:` by which a busy server asks for
 * patience, which must not be undercut, and enough for a large timetable on a slow line.
 */
export const CONNECT_MILLIS = 130_000;
/** How long the event that a heartbeat's head tells of may be under way. */
export const GAP_MILLIS = 2_000;
/** How soon after a computer's sleep, in which timers stand still, the page looks how late it is. */
export const LOOK_MILLIS = 1_000;
export const FIRST_BACKOFF_MILLIS = 1_000;
export const LAST_BACKOFF_MILLIS = 30_000;

const OPEN = 1;
const CLOSED = 2;

export class Connection {
  #state: ConnectionState = { is: "connecting" };
  #stream: Stream | undefined;
  #lastId = "";
  /** When the rows were last known to be right. */
  #rightAt: number | undefined;
  /** A newest event that was told of and has not come yet, and the last that had come by then. */
  #awaited: { head: string; after: string } | undefined;
  /** Since when the server has not known what is newest, where it said so. */
  #behindSince: number | undefined;
  /** The last id at the last gap: a second gap at the same place is not mended by asking again after it. */
  #gapAfter: string | undefined;
  /** When something was heard, or at least tried. */
  #sign: { wall: number; ticks: number };
  /** Since the server and the page last agreed. */
  #attempts = 0;
  #suspended = false;
  /** Grows whenever the stream is given up, so that an answer that comes too late is known as such. */
  #turn = 0;
  #callOff: { watch?: () => void; retry?: () => void; gap?: () => void; ask?: () => void } = {};

  constructor(
    private readonly board: string,
    private readonly surroundings: Surroundings,
    private readonly listener: ConnectionListener,
  ) {
    this.#sign = this.#moment();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    this.#connect({ is: "connecting" });
  }

  /** Ends the stream at once, at the reader's wish. */
  stop(): void {
    if (this.#state.is === "closed") return;
    this.#giveUp();
    this.#suspended = false;
    this.#become({ is: "stopped", since: this.#asOf() });
  }

  /** Goes on after the last event that was seen. */
  resume(): void {
    if (this.#state.is === "stopped") this.#connect({ is: "connecting" });
  }

  /** The page is put away (closed, frozen, or kept for the back button): it must not hold a stream. */
  suspend(): void {
    if (this.#atRest()) return;
    this.#giveUp();
    this.#suspended = true;
    this.#become({ is: "reconnecting", since: this.#asOf() });
  }

  /** The page is looked at again; its timers may have stood still meanwhile. */
  wake(): void {
    if (this.#atRest()) return;
    if (this.#suspended || this.#stream === undefined) this.#connect(this.#state);
    else if (this.#overdue()) this.#rebuild();
  }

  /** The network is back. What was open before may hang on one that is gone, and never say so. */
  renew(): void {
    if (this.#atRest() || this.#stream?.readyState !== OPEN) this.wake();
    else this.#replace();
  }

  /** Ends the stream without a word, when nobody listens any more. */
  dispose(): void {
    this.#giveUp();
  }

  #connect(state: ConnectionState): void {
    this.#giveUp();
    this.#suspended = false;
    this.#become(state);
    const stream = this.surroundings.open(this.#url());
    this.#stream = stream;
    this.#heard();
    this.#listen(stream);
  }

  #listen(stream: Stream): void {
    // After close() an EventSource is silent, but a stand-in may not be.
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

  /** A first stream begins with all rows. One that goes on may owe nothing or much, and does not say which. */
  #onOpen(): void {
    this.#heard();
    // It may be another server. One that does not know says so at once, before any rows.
    this.#behindSince = undefined;
    if (this.#lastId === "") return;
    this.#callOff.ask?.();
    this.#callOff.ask = this.surroundings.clock.after(GAP_MILLIS, () => void this.#askHead());
  }

  #onError(stream: Stream): void {
    this.#awaitNothing();
    this.#doubt();
    if (stream.readyState === CLOSED) this.#retryLater();
    else this.#heard();
  }

  #onMessage(name: (typeof eventNames)[number], message: MessageEvent): void {
    const event = readEvent(name, message.data);
    // Whatever it was, the rows lack it.
    if (event === undefined) return this.#startOver();
    this.#heard();
    if (event.name === "heartbeat") this.#takeHeartbeat(event.data);
    else this.#take(event, message.lastEventId);
  }

  #take(event: BoardEvent, id: string): void {
    if (event.name === "timetable") {
      this.#lastId = id;
      this.listener.onEvent(event);
      this.#knowsRows();
      return;
    }
    // Nothing can be changed in rows that never came.
    if (this.#lastId === "") return this.#startOver();
    if (id !== "" && !isAfter(id, this.#lastId)) {
      // Seen already: a proxy that keeps `Last-Event-ID` to itself lets a browser come back only with the
      // older id in the URL. Of another epoch it is another history, and these rows are not of it.
      if (!sameEpoch(id, this.#lastId)) this.#startOver();
      return;
    }
    if (id !== "") this.#lastId = id;
    this.listener.onEvent(event);
    if (event.name === "closedConnection") this.#close(event.data.reason);
    else if (this.#awaited === undefined) this.#staysRight();
    else if (!isAfter(this.#awaited.head, this.#lastId)) this.#agrees();
  }

  #takeHeartbeat({ head, behind }: Heartbeat["data"]): void {
    if (behind === undefined) {
      this.#behindSince = undefined;
      return this.#compareWithHead(head);
    }
    // Its head stands still and says nothing.
    this.#behindSince ??= this.#now() - behind * 1_000;
    this.#awaitNothing();
    if (this.#lastId === "") return;
    this.#knowsRows();
    // Another server may know more, and be the one that answers.
    void this.#askHead();
  }

  /** The stream keeps its order: what the head names was sent before the heartbeat, or is just behind it. */
  #compareWithHead(head: string): void {
    if (head === this.#lastId) this.#agrees();
    else this.#await(head);
  }

  /** Asks beside the stream what the next heartbeat would say. Where one has said it, this is called off. */
  async #askHead(): Promise<void> {
    const turn = this.#turn;
    const { head, behind } = await this.surroundings.askBoard(this.board);
    const isOpen = turn === this.#turn && this.#stream?.readyState === OPEN;
    if (!isOpen || head === undefined || behind !== undefined) return;
    if (this.#behindSince !== undefined) return this.#replace();
    // What the stream itself said meanwhile is newer.
    if (this.#state.is === "live" || this.#awaited !== undefined) return;
    if (head === this.#lastId) this.#agrees();
    // An older head is that of an answer which a later event has overtaken: the next heartbeat will tell.
    else if (isAfter(head, this.#lastId)) this.#await(head);
  }

  #await(head: string): void {
    const before = this.#awaited;
    const seen = this.#lastId;
    this.#awaited = { head, after: seen };
    // They come, but slowly. To begin again would only make it slower.
    if (before !== undefined && before.after !== seen) return;
    this.#callOff.ask?.();
    this.#callOff.gap?.();
    this.#callOff.gap = this.surroundings.clock.after(GAP_MILLIS, () => {
      if (this.#lastId === seen) this.#mendGap();
      else if (this.#state.is === "live") this.#become({ is: "stale", since: this.#asOf() });
    });
  }

  #awaitNothing(): void {
    this.#awaited = undefined;
    this.#callOff.gap?.();
    this.#callOff.ask?.();
  }

  #mendGap(): void {
    if (this.#gapAfter === this.#lastId) this.#lastId = "";
    this.#gapAfter = this.#lastId;
    this.#replace();
  }

  /** The newest event of the server is the last one seen here. */
  #agrees(): void {
    this.#attempts = 0;
    this.#gapAfter = undefined;
    this.#knowsRows();
  }

  #knowsRows(): void {
    this.#awaitNothing();
    if (this.#behindSince === undefined) {
      this.#rightAt = this.#now();
      this.#become({ is: "live" });
    } else if (this.#state.is !== "stale") {
      this.#rightAt = this.#behindSince;
      this.#become({ is: "stale", since: this.#behindSince });
    }
  }

  #staysRight(): void {
    if (this.#state.is === "live") this.#rightAt = this.#now();
  }

  #doubt(): void {
    const { is } = this.#state;
    if (is === "reconnecting" || is === "stale") return;
    this.#become({ is: "reconnecting", since: this.#asOf() });
  }

  /** From a whole timetable, as these rows cannot be trusted. */
  #startOver(): void {
    this.#lastId = "";
    this.#replace();
  }

  #replace(): void {
    this.#doubt();
    this.#retryLater();
  }

  #close(reason?: string): void {
    this.#giveUp();
    this.#become(reason === undefined ? { is: "closed" } : { is: "closed", reason });
  }

  /** For a stream that is gone for good: a new one after a while, if the board is still there. */
  #retryLater(): void {
    this.#giveUp();
    const longest = Math.min(LAST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** this.#attempts);
    this.#attempts += 1;
    // At least half of it, the rest by chance: all screens lost the server in the same second.
    const wait = (longest * (1 + this.surroundings.random())) / 2;
    this.#callOff.retry = this.surroundings.clock.after(wait, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    const turn = this.#turn;
    const { fate } = await this.surroundings.askBoard(this.board);
    if (turn !== this.#turn) return;
    if (fate === "closed") {
      this.#close();
    } else if (fate === "absent") {
      this.#become({ is: "absent" });
      this.#retryLater();
    } else {
      this.#connect(this.#state.is === "absent" ? { is: "connecting" } : this.#state);
    }
  }

  /** The watch starts anew. */
  #heard(): void {
    this.#sign = this.#moment();
    this.#watch();
  }

  #watch(): void {
    this.#callOff.watch?.();
    this.#callOff.watch = this.surroundings.clock.after(LOOK_MILLIS, () => {
      if (this.#overdue()) this.#rebuild();
      else this.#watch();
    });
  }

  /**
   * By the clock on the wall, which goes on while a computer sleeps, and by the one that only counts, which
   * nobody sets back. Either alone could take an hour for a moment.
   */
  #overdue(): boolean {
    const { wall, ticks } = this.#moment();
    const silence = Math.max(wall - this.#sign.wall, ticks - this.#sign.ticks);
    const isTrusted = this.#state.is === "live" && this.#stream?.readyState === OPEN;
    return silence >= (isTrusted ? SILENCE_MILLIS : CONNECT_MILLIS);
  }

  #rebuild(): void {
    this.#connect(this.#state.is === "live" ? { is: "stale", since: this.#asOf() } : this.#state);
  }

  #giveUp(): void {
    this.#turn += 1;
    for (const callOff of Object.values(this.#callOff)) callOff();
    this.#callOff = {};
    this.#awaited = undefined;
    this.#stream?.close();
    this.#stream = undefined;
  }

  #become(state: ConnectionState): void {
    if (state.is === "live" && this.#state.is === "live") return;
    this.#state = state;
    this.listener.onState(state);
  }

  /** Stopped or closed: only the reader, or nobody, wakes it. */
  #atRest(): boolean {
    return this.#state.is === "stopped" || this.#state.is === "closed";
  }

  #url(): string {
    const events = `/boards/${encodeURIComponent(this.board)}/events`;
    return this.#lastId === ""
      ? events
      : `${events}?lastEventId=${encodeURIComponent(this.#lastId)}`;
  }

  #asOf(): number {
    return this.#rightAt ?? this.#now();
  }

  #now(): number {
    return this.surroundings.clock.now();
  }

  #moment(): { wall: number; ticks: number } {
    return { wall: this.#now(), ticks: this.surroundings.clock.ticks() };
  }
}
