// Stand-ins for tests: a stream that does what it is told, and a clock that is turned by hand.

import type { Clock } from "./clock.ts";
import type { BoardFate, BoardNow, Stream, Surroundings } from "./connection.ts";
import type { Board, Flight } from "./flight.ts";

export class FakeStream implements Stream {
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

  /** The head of the answer has come. */
  opens(): void {
    this.readyState = 1;
    this.#fire("open", new Event("open"));
  }

  /** An event without an id leaves the last one standing, as in a browser. */
  sends(name: string, data: unknown, id?: string): void {
    this.#lastEventId = id ?? this.#lastEventId;
    const text = typeof data === "string" ? data : JSON.stringify(data);
    this.#fire(name, new MessageEvent(name, { data: text, lastEventId: this.#lastEventId }));
  }

  /** Cut off; a browser tries again by itself. */
  breaks(): void {
    this.readyState = 0;
    this.#fire("error", new Event("error"));
  }

  /** Refused; a browser never tries again. */
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

  /** Runs what is due, in order, and lets promises settle after each. */
  async turn(millis: number): Promise<void> {
    const end = this.#ticks + millis;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#pass(next.at - this.#ticks);
      this.#timers.delete(next);
      next.run();
      await settled();
    }
    this.#pass(end - this.#ticks);
  }

  /** Time passes, but no timer runs nor comes nearer: the computer was asleep. */
  sleep(millis: number): void {
    this.#wall += millis;
  }

  /** Someone sets the time of day, and no time passes. */
  isSet(byMillis: number): void {
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

export class FakeSurroundings implements Surroundings {
  readonly clock = new FakeClock();
  readonly streams: FakeStream[] = [];
  readonly asked: string[] = [];
  fate: BoardFate = "open";
  /** The board's newest event, where the server answers. */
  head: string | undefined;
  /** Where the server that answers is cut off itself. */
  behind: number | undefined;
  chance = 1;

  readonly open = (url: string): FakeStream => {
    const stream = new FakeStream(url);
    this.streams.push(stream);
    return stream;
  };

  readonly askBoard = async (board: string): Promise<BoardNow> => {
    this.asked.push(board);
    return { fate: this.fate, head: this.head, behind: this.behind };
  };

  readonly random = (): number => this.chance;

  get stream(): FakeStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no stream was opened");
    return stream;
  }
}

export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

export const arrivals: Board = { name: "main", title: "Arrivals", kind: "arrivals" };
export const rome: Flight = { flight: "I768", origin: "Rome", arrival: "10:10", state: "" };
export const tokyo: Flight = { flight: "G119", origin: "Tokyo", arrival: "10:35", state: "" };
