// One EventSource at a time: its events, its ends and its silence.
//
// A browser's EventSource reconnects after a cut, but stops for good on any status other than 200 (a
// proxy's 502 during a restart), never notices silence, and never backs off.

import { CLOSED, listen, OPEN, type EventStream, type StreamEnvironment } from "./environment.ts";
import { readEvent, type StreamEvent } from "./events.ts";

/** Two heartbeat intervals of 15 s plus 5 s of slack. */
export const SILENCE_TIMEOUT_MILLIS = 35_000;
/**
 * Longer than any `retry:` of an overloaded server, which the page must respect, and long enough for a large
 * timetable on a slow line.
 */
export const CONNECT_TIMEOUT_MILLIS = 130_000;
/** The browser reconnects by itself, with the server's `retry:`, until as many errors have followed each other. */
export const BROWSER_RETRIES = 3;

/** Timers stop while the computer sleeps; silence is noticed within this time of waking up. */
export const WATCHDOG_INTERVAL_MILLIS = 1_000;

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

export interface BoardStream {
  /** That of its EventSource, if there is one. */
  readyState(): number | undefined;
  isSilent(): boolean;
  open(url: string, lastId: string): void;
  close(): void;
}

/** `openLimitMillis` is the longest silence of an open stream that is no fault at present. */
export function createBoardStream(
  environment: StreamEnvironment,
  listener: StreamListener,
  openLimitMillis: () => number,
): BoardStream {
  let current: EventStream | undefined;
  /** Errors after which the browser may still reconnect by itself. None on a new stream, which has no `retry:`. */
  let browserRetries = 0;
  /** The browser waits for the time of `retry:` or reconnects. */
  let isBrowserRetrying = false;
  /** When something arrived, or an attempt began, by both clocks. */
  let wall: number;
  let ticks: number;
  let cancelWatch: (() => void) | undefined;
  const { clock } = environment;
  const readyState = () => current?.readyState;

  function silenceLimit(): number {
    if (isBrowserRetrying) return CONNECT_TIMEOUT_MILLIS;
    return readyState() === OPEN ? openLimitMillis() : SILENCE_TIMEOUT_MILLIS;
  }

  /**
   * Measures with both clocks: the wall clock keeps running while the computer sleeps, the monotonic clock
   * cannot be set back. Either alone could mistake an hour for a moment.
   */
  function isSilent(): boolean {
    return Math.max(clock.now() - wall, clock.ticks() - ticks) >= silenceLimit();
  }

  function watch(): void {
    cancelWatch?.();
    cancelWatch = clock.after(WATCHDOG_INTERVAL_MILLIS, () =>
      isSilent() ? listener.onSilence() : watch(),
    );
  }

  function restartWatch(): void {
    wall = clock.now();
    ticks = clock.ticks();
    watch();
  }

  function begin(retries: number): void {
    browserRetries = retries;
    isBrowserRetrying = false;
    restartWatch();
  }

  function onError(readyState: number): void {
    listener.onCut();
    if (readyState === CLOSED) return listener.onRefusal();
    if (browserRetries === 0) return listener.onExhaustion();
    browserRetries -= 1;
    isBrowserRetrying = true;
    restartWatch();
  }

  return {
    readyState,
    isSilent,
    open(url, lastId) {
      const stream = environment.open(url, lastId);
      current = stream;
      begin(0);
      listen(
        stream,
        () => current === stream,
        () => {
          begin(BROWSER_RETRIES);
          listener.onOpen();
        },
        () => onError(stream.readyState),
        (name, { data, lastEventId }) => {
          const event = readEvent(name, data);
          if (!event) return listener.onUnreadable();
          restartWatch();
          listener.onEvent(event, lastEventId);
        },
      );
    },
    close() {
      cancelWatch?.();
      current?.close();
      current = undefined;
    },
  };
}
