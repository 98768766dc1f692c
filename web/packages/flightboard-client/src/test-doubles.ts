// Test doubles: a stream and a clock that the test controls.

import type { Clock } from "./clock.ts";
import type { BoardStatus, BoardSummary, EventStream, StreamEnvironment } from "./environment.ts";
import type { Board, BoardSource, Flight } from "./flight.ts";

export class FakeEventStream implements EventStream {
  readyState = 0;
  #lastEventId = "";
  #listeners = new Map<string, ((event: Event) => void)[]>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: Event) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  close(): void {
    this.readyState = 2;
  }

  /** The response headers arrived. */
  opens(): void {
    this.readyState = 1;
    this.#fire("open", new Event("open"));
  }

  /** An event without an id keeps the previous one, as in a browser. */
  sends(name: string, data: unknown, id?: string): void {
    this.#lastEventId = id ?? this.#lastEventId;
    const text = typeof data === "string" ? data : JSON.stringify(data);
    this.#fire(name, new MessageEvent(name, { data: text, lastEventId: this.#lastEventId }));
  }

  /** The connection was cut; a browser reconnects. */
  breaks(): void {
    this.readyState = 0;
    this.#fire("error", new Event("error"));
  }

  /** The connection was refused; a browser does not reconnect. */
  ends(): void {
    this.readyState = 2;
    this.#fire("error", new Event("error"));
  }

  #fire(type: string, event: Event): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

export class FakeClock implements Clock {
  #wall = Date.parse("2026-11-22T14:00:00Z");
  #ticks = 0;
  #timers = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.#wall;
  }

  ticks(): number {
    return this.#ticks;
  }

  after(millis: number, run: () => void): () => void {
    const timer = { at: this.#ticks + millis, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Runs due timers in order and flushes promises after each. */
  async advance(millis: number): Promise<void> {
    const end = this.#ticks + millis;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#pass(next.at - this.#ticks);
      this.#timers.delete(next);
      next.run();
      await flushPromises();
    }
    this.#pass(end - this.#ticks);
  }

  /** The computer sleeps: wall-clock time passes, but no timer advances. */
  sleep(millis: number): void {
    this.#wall += millis;
  }

  /** Sets the wall clock without time passing. */
  setWallClock(byMillis: number): void {
    this.#wall += byMillis;
  }

  #pass(millis: number): void {
    this.#wall += millis;
    this.#ticks += millis;
  }

  #next(end: number) {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

export class FakeEnvironment implements StreamEnvironment {
  readonly clock = new FakeClock();
  readonly streams: FakeEventStream[] = [];
  readonly asked: string[] = [];
  status: BoardStatus = "open";
  /** Why the board is closed. */
  reason: string | undefined;
  /** The board's newest event id, if the server answers. */
  head: string | undefined;
  /** Set if the answering server is itself behind. */
  behind: number | undefined;
  /** Why the server denies the board. */
  detail: string | undefined;
  chance = 1;
  /** Without it all rows come by the stream. */
  fetchRows?: NonNullable<StreamEnvironment["fetchRows"]>;

  readonly open = (url: string, lastId: string): FakeEventStream => {
    const events = `${new URL(url, "http://server").pathname}/events`;
    const stream = new FakeEventStream(lastId === "" ? events : `${events}?lastEventId=${lastId}`);
    this.streams.push(stream);
    return stream;
  };

  readonly fetchBoard = async (url: string): Promise<BoardSummary> => {
    this.asked.push(url);
    const { status, head, behind, detail, reason } = this;
    return { status, head, behind, detail, reason };
  };

  readonly random = (): number => this.chance;

  get stream(): FakeEventStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no stream was opened");
    return stream;
  }
}

export async function flushPromises(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

export const arrivals: Board = { name: "main", title: "Arrivals", kind: "arrivals" };
export const rome: Flight = arrivalAt("10:10", { flight: "I768", origin: "Rome" });
export const tokyo: Flight = arrivalAt("10:35", { flight: "G119", origin: "Tokyo" });

/** Its answers are good for nine minutes. The last one came two minutes and a bit before the clock's start. */
export const avinor: BoardSource = {
  name: "Avinor",
  attribution: "Flight data from Avinor",
  link: "https://www.avinor.no",
  lastAnswer: "2026-11-22T13:57:45Z",
  status: "current",
  lateAfter: 540,
};

function arrivalAt(arrival: string, flight: Flight): Flight {
  return { ...flight, arrival, state: "", arrivalInstant: `2026-11-22T${arrival}:00Z` };
}
