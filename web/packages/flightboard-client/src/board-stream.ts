// One EventSource at a time: its events, its ends and its silence.
//
// A browser's EventSource reconnects after a cut, but stops for good on any status other than 200 (a
// proxy's 502 during a restart), never notices silence, and never backs off.

import { CLOSED, OPEN, type EventStream, type StreamEnvironment } from "./environment.ts";
import { eventNames, readEvent, type StreamEvent } from "./events.ts";
import { Watchdog } from "./watchdog.ts";

/** Two heartbeat intervals of 15 s plus 5 s of slack. */
export const SILENCE_TIMEOUT_MILLIS = 35_000;
/**
 * Longer than any `retry:` of an overloaded server, which the page must respect, and long enough for a large
 * timetable on a slow line.
 */
export const CONNECT_TIMEOUT_MILLIS = 130_000;
/** The browser reconnects by itself, with the server's `retry:`, until as many errors have followed each other. */
export const BROWSER_RETRIES = 3;

export interface StreamListener {
  onOpen(): void;
  /** `id` is the last one of the stream, which an event without an id keeps. */
  onEvent(event: StreamEvent, id: string): void;
  /** An event is lost, so the rows are wrong. */
  onUnreadable(): void;
  /** The stream is cut. A browser that has not given up and has attempts left reconnects. */
  onCut(): void;
  /** The browser has given up. */
  onRefusal(): void;
  /** The browser's own attempts are used up: they follow each other without back-off. */
  onExhaustion(): void;
  onSilence(): void;
}

export class BoardStream {
  #stream: EventStream | undefined;
  readonly #watchdog: Watchdog;
  /** Errors after which the browser may still reconnect by itself. None on a new stream, which has no `retry:`. */
  #browserRetries = 0;
  /** The browser waits for the time of `retry:` or reconnects. */
  #isBrowserRetrying = false;

  constructor(
    private readonly environment: StreamEnvironment,
    private readonly listener: StreamListener,
    /** The longest silence of an open stream that is no fault at present. */
    private readonly openLimitMillis: () => number,
  ) {
    const limit = () => this.#silenceLimit();
    this.#watchdog = new Watchdog(environment.clock, limit, () => listener.onSilence());
  }

  get exists(): boolean {
    return this.#stream !== undefined;
  }

  get isOpen(): boolean {
    return this.#stream?.readyState === OPEN;
  }

  isSilent(): boolean {
    return this.#watchdog.isSilent();
  }

  open(url: string, lastId: string): void {
    const stream = this.environment.open(url, lastId);
    this.#stream = stream;
    this.#browserRetries = 0;
    this.#isBrowserRetrying = false;
    this.#watchdog.restart();
    this.#listen(stream);
  }

  close(): void {
    this.#watchdog.stop();
    this.#stream?.close();
    this.#stream = undefined;
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

  #onOpen(): void {
    this.#browserRetries = BROWSER_RETRIES;
    this.#isBrowserRetrying = false;
    this.#watchdog.restart();
    this.listener.onOpen();
  }

  #onError(stream: EventStream): void {
    this.listener.onCut();
    if (stream.readyState === CLOSED) return this.listener.onRefusal();
    if (this.#browserRetries === 0) return this.listener.onExhaustion();
    this.#browserRetries -= 1;
    this.#isBrowserRetrying = true;
    this.#watchdog.restart();
  }

  #onMessage(name: StreamEvent["name"], message: MessageEvent): void {
    const event = readEvent(name, message.data);
    if (event === undefined) return this.listener.onUnreadable();
    this.#watchdog.restart();
    this.listener.onEvent(event, message.lastEventId);
  }

  #silenceLimit(): number {
    if (this.#isBrowserRetrying) return CONNECT_TIMEOUT_MILLIS;
    return this.isOpen ? this.openLimitMillis() : SILENCE_TIMEOUT_MILLIS;
  }
}
