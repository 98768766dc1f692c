// One event stream for all tabs of an origin: over HTTP/1.1 a browser opens six connections to one host for all its
// tabs together. The tab that holds a lock leads: it has the EventSource, and passes each event on. The next one
// in the queue of the lock continues after the last event that it has heard.
//
// A tab that joins may have missed earlier events. The leader tells it its last id, and unless that is
// the tab's own, the tab gets all rows by a plain request.

import { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { CLOSED, OPEN, type EventStream, type StreamEnvironment } from "./environment.ts";
import { eventNames, readEvent, type Heartbeat } from "./events.ts";
import { follows } from "./ids.ts";
import { parseInstant } from "./instant.ts";

/** A leader that does not answer for this time passes no events on either. */
export const LEADER_TIMEOUT_MILLIS = 5_000;

/** The locks and channels of an origin; tests replace them. */
export interface Tabs {
  locks: Pick<LockManager, "request">;
  channel(name: string): BroadcastChannel;
}

interface PassedEvent {
  kind: "event";
  name: string;
  data: string;
  id: string;
}

interface LeaderState {
  kind: "state";
  /** The tab that has asked; undefined for all tabs. */
  to?: string;
  readyState: number;
  /** All events up to this one have been passed on. */
  lastId: string;
  /** A heartbeat as of now; undefined until the stream has shown that it is complete. */
  beat?: Heartbeat["data"] | undefined;
}

type Message =
  | PassedEvent
  | LeaderState
  | { kind: "error"; readyState: number }
  | { kind: "question"; from: string };

export class SharedStream extends EventTarget implements EventStream {
  readyState = 0;
  readonly #tab = crypto.randomUUID();
  readonly #channel: BroadcastChannel;
  /** The lock, or the place in its queue. Undefined once closed. */
  #place: AbortController | undefined;
  #cancelTimeout: (() => void) | undefined;
  /** Only the leader has one. */
  #source: EventStream | undefined;
  /** The leader's newest heartbeat or timetable since its stream was opened, and when it came. */
  #beat: { data: Heartbeat["data"]; ticks: number } | undefined;
  #heardAt: number;
  /** Takes an event of the leader: before its first answer, events say nothing. */
  #take: (event: PassedEvent) => void = ignore;

  constructor(
    private readonly name: string,
    private readonly url: string,
    private lastId: string,
    private readonly environment: StreamEnvironment,
    private readonly tabs: Tabs,
  ) {
    super();
    this.#heardAt = environment.clock.ticks();
    this.#channel = tabs.channel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data as Message);
    this.#join();
  }

  close(): void {
    this.readyState = CLOSED;
    this.#channel.close();
    this.#leave();
  }

  #join(): void {
    this.#queueUp({});
    this.#post({ kind: "question", from: this.#tab });
    this.#cancelTimeout = this.environment.clock.after(LEADER_TIMEOUT_MILLIS, () => {
      this.#leave();
      this.#queueUp({ steal: true });
    });
  }

  #leave(): void {
    this.#cancelTimeout?.();
    this.#take = ignore;
    this.#source?.close();
    this.#source = undefined;
    const place = this.#place;
    this.#place = undefined;
    place?.abort();
  }

  #queueUp(options: LockOptions): void {
    const place = new AbortController();
    this.#place = place;
    const lead = () => {
      if (this.#place !== place) return;
      // Leading may end at once.
      const left = new Promise((leave) => place.signal.addEventListener("abort", leave));
      this.#lead();
      return left;
    };
    const request = options.steal ? options : { signal: place.signal };
    this.tabs.locks.request(this.name, request, lead).catch((error: DOMException) => {
      if (this.#place !== place) return;
      // Another tab has taken the lock, or this page may not have locks.
      if (error.name !== "AbortError") return this.#lead();
      this.#leave();
      this.#join();
    });
  }

  #lead(): void {
    const { clock } = this.environment;
    this.#cancelTimeout?.();
    this.#take = ignore;
    // All tabs have lost the server. Each of them returns after a random wait.
    if (clock.ticks() - this.#heardAt > SILENCE_TIMEOUT_MILLIS - LEADER_TIMEOUT_MILLIS)
      return this.#fail(CLOSED);
    const source = this.environment.open(this.url, this.lastId);
    this.#source = source;
    this.readyState = source.readyState;
    const listen = (type: string, hear: (event: Event) => void) =>
      source.addEventListener(type, (event) => {
        if (this.#source === source) hear(event);
      });
    // An event of the server may have any name, even these.
    listen("open", (event) => "data" in event || this.#onOpen());
    listen("error", (event) => "data" in event || this.#onError(source.readyState));
    for (const name of eventNames) {
      listen(name, (event) => this.#pass(name, event as MessageEvent));
    }
  }

  #onOpen(): void {
    this.readyState = OPEN;
    this.#beat = undefined;
    this.#post(this.#state());
    this.dispatchEvent(new Event("open"));
  }

  #onError(readyState: number): void {
    this.#beat = undefined;
    this.#post({ kind: "error", readyState });
    this.#fail(readyState);
  }

  #pass(name: (typeof eventNames)[number], { data, lastEventId: id }: MessageEvent): void {
    const ticks = this.environment.clock.ticks();
    if (name === "timetable") this.#beat = { data: { head: id }, ticks };
    const event = name === "heartbeat" ? readEvent(name, data) : undefined;
    if (event?.name === "heartbeat") this.#beat = { data: event.data, ticks };
    const passed: PassedEvent = { kind: "event", name, data, id };
    this.#post(passed);
    this.#deliver(passed);
  }

  #state(to?: string): LeaderState {
    const { readyState, lastId } = this;
    const state: LeaderState = { kind: "state", readyState, lastId };
    if (to !== undefined) state.to = to;
    if (this.#beat !== undefined) state.beat = this.#currentBeat(this.#beat);
    return state;
  }

  #currentBeat({ data, ticks }: { data: Heartbeat["data"]; ticks: number }): Heartbeat["data"] {
    const { lastId } = this;
    const head = follows(lastId, data.head) ? lastId : data.head;
    const at = parseInstant(data.at);
    const age = this.environment.clock.ticks() - ticks;
    return at === undefined
      ? { ...data, head }
      : { ...data, head, at: new Date(at + age).toISOString() };
  }

  #hear(message: Message): void {
    if (this.#source !== undefined) {
      if (message.kind === "question") this.#post(this.#state(message.from));
      return;
    }
    if (message.kind === "event") this.#take(message);
    else if (message.kind === "error") this.#fail(message.readyState);
    else if (message.kind === "state" && (message.to ?? this.#tab) === this.#tab)
      void this.#follow(message);
  }

  async #follow({ readyState, lastId, beat }: LeaderState): Promise<void> {
    this.#cancelTimeout?.();
    this.readyState = readyState;
    if (readyState !== OPEN) return;
    this.#heardAt = this.environment.clock.ticks();
    // Without an id, a timetable is the leader's first event. Before its first heartbeat it may still be behind.
    const isBefore = lastId === "" || (beat === undefined && follows(this.lastId, lastId));
    if (isBefore || this.lastId === lastId) {
      this.#take = (event) => this.#deliver(event);
      this.dispatchEvent(new Event("open"));
      if (this.lastId === lastId) this.#confirm(beat, lastId);
      return;
    }
    const waiting: PassedEvent[] = [];
    const take = (event: PassedEvent) => void waiting.push(event);
    this.#take = take;
    const rows = await this.environment.fetchRows?.(this.url);
    if (this.#take !== take) return;
    // Another server may have answered, which is behind that of the leader.
    const isComplete = rows && (rows.id === lastId || follows(rows.id, lastId));
    if (!isComplete) return this.#fail(CLOSED);
    this.#take = (event) => this.#deliver(event);
    this.dispatchEvent(new Event("open"));
    this.#deliver({
      kind: "event",
      name: "timetable",
      data: JSON.stringify(rows.data),
      id: rows.id,
    });
    this.#confirm(beat && { ...beat, head: rows.id }, rows.id);
    for (const event of waiting) this.#take(event);
  }

  #confirm(beat: Heartbeat["data"] | undefined, id: string): void {
    if (beat === undefined) return;
    this.#take({ kind: "event", name: "heartbeat", data: JSON.stringify(beat), id });
  }

  #deliver({ name, data, id }: PassedEvent): void {
    this.#heardAt = this.environment.clock.ticks();
    if (id !== "") this.lastId = id;
    this.dispatchEvent(new MessageEvent(name, { data, lastEventId: id }));
  }

  #fail(readyState: number): void {
    this.#take = ignore;
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}

function ignore(): void {}
