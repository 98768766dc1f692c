// Keeps one stream of one board open for as long as it is wanted, and says what it knows of it.
// It must not know what the events mean for a flight, nor React. follower.ts hears from it.
//
// A browser's EventSource comes back by itself from a cut, but not from everything: it ends for good on
// any answer but 200 (a proxy's 502 during a restart), and it cannot notice silence. Both are mended here
// by building a new one, which has no `Last-Event-ID` header, so the id goes into the query.

import type { Clock } from "./clock.ts";
import { eventNames, readEvent, type BoardEvent } from "./events.ts";

export type ConnectionState =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "reconnecting"; since: number }
  /** It seems open, but the heartbeats stay out. */
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

export interface Surroundings {
  open(url: string): Stream;
  askFate(board: string): Promise<BoardFate>;
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
/** Longer than any `retry:` by which a busy server asks for patience: this must not undercut it. */
export const CONNECT_MILLIS = 90_000;
/** How long the event that a heartbeat's head tells of may be under way. */
export const GAP_MILLIS = 2_000;
export const FIRST_BACKOFF_MILLIS = 1_000;
export const LAST_BACKOFF_MILLIS = 30_000;

const CLOSED = 2;

export class Connection {
  #state: ConnectionState = { is: "connecting" };
  #stream: Stream | undefined;
  #lastId = "";
  #lastSign: number;
  #attempts = 0;
  #suspended = false;
  /** Grows whenever the stream is given up, so that an answer that comes too late is known as such. */
  #turn = 0;
  #callOff: { watch?: () => void; retry?: () => void; gap?: () => void } = {};

  constructor(
    private readonly board: string,
    private readonly surroundings: Surroundings,
    private readonly listener: ConnectionListener,
  ) {
    this.#lastSign = surroundings.clock.now();
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
    this.#become({ is: "stopped", since: this.#now() });
  }

  /** Goes on after the last event that was seen. */
  resume(): void {
    if (this.#state.is === "stopped") this.#connect({ is: "connecting" });
  }

  /** The page is put away (closed, or kept for the back button): it must not hold a stream. */
  suspend(): void {
    if (this.#atRest()) return;
    this.#giveUp();
    this.#suspended = true;
    this.#become({ is: "reconnecting", since: this.#now() });
  }

  /** The page is looked at again; its timers may have stood still meanwhile. */
  wake(): void {
    if (this.#atRest()) return;
    if (this.#suspended || this.#stream === undefined) this.#connect(this.#state);
    else if (this.#now() - this.#lastSign > this.#patience()) this.#rebuild();
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
    this.#sign();
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

  #onOpen(): void {
    // Silence made it stale, so only news makes it live: a proxy may answer and then hold everything back.
    if (this.#state.is !== "stale") this.#become({ is: "live" });
    this.#sign();
  }

  #onError(stream: Stream): void {
    const { is } = this.#state;
    if (is !== "reconnecting" && is !== "stale") {
      this.#become({ is: "reconnecting", since: this.#now() });
    }
    if (stream.readyState === CLOSED) this.#retryLater();
    else this.#sign();
  }

  #onMessage(name: (typeof eventNames)[number], message: MessageEvent): void {
    const event = readEvent(name, message.data);
    if (event === undefined) {
      // Whatever it was, the rows lack it: start again from a whole timetable.
      this.#lastId = "";
      this.#become({ is: "reconnecting", since: this.#now() });
      this.#retryLater();
      return;
    }
    this.#attempts = 0;
    this.#become({ is: "live" });
    this.#sign();
    if (event.name === "heartbeat") {
      this.#compareWithHead(event.data.head);
      return;
    }
    if (message.lastEventId !== "") this.#lastId = message.lastEventId;
    this.listener.onEvent(event);
    if (event.name === "closedConnection") this.#close(event.data.reason);
  }

  /** A head beyond the last event seen means that one was lost, unless it is just arriving. */
  #compareWithHead(head: string): void {
    if (sequenceOf(head) <= sequenceOf(this.#lastId)) return;
    const seen = this.#lastId;
    this.#callOff.gap?.();
    this.#callOff.gap = this.surroundings.clock.after(GAP_MILLIS, () => {
      if (this.#lastId === seen) this.#connect({ is: "reconnecting", since: this.#now() });
    });
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
    const fate = await this.surroundings.askFate(this.board);
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

  /** Something was heard, or at least tried: the watch starts anew. */
  #sign(): void {
    this.#lastSign = this.#now();
    this.#callOff.watch?.();
    this.#callOff.watch = this.surroundings.clock.after(this.#patience(), () => this.#rebuild());
  }

  #patience(): number {
    return this.#stream?.readyState === 1 ? SILENCE_MILLIS : CONNECT_MILLIS;
  }

  #rebuild(): void {
    this.#connect(this.#state.is === "live" ? { is: "stale", since: this.#lastSign } : this.#state);
  }

  #giveUp(): void {
    this.#turn += 1;
    for (const callOff of Object.values(this.#callOff)) callOff();
    this.#callOff = {};
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

  #now(): number {
    return this.surroundings.clock.now();
  }
}

/** The position in an event id, `<epoch>-<sequence>`; 0 where there is none, which is before the first. */
function sequenceOf(id: string): number {
  const sequence = /^[0-9a-f]+-(\d+)$/.exec(id)?.[1];
  return sequence === undefined ? 0 : Number(sequence);
}
