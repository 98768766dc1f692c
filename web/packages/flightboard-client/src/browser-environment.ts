// The network of a browser.

import { fetchBoard, fetchRows } from "./board-requests.ts";
import { realClock } from "./clock.ts";
import type { EventStream, StreamEnvironment } from "./environment.ts";

export interface BrowserOptions {
  /** Sends cookies to a server of another origin, for its private boards. It must allow this origin by name. */
  withCredentials?: boolean;
  /** Instead of the browser's own, such as a polyfill. */
  EventSource?: new (url: string, init?: EventSourceInit) => EventStream;
}

export function browserEnvironment(options: BrowserOptions = {}): StreamEnvironment {
  const { withCredentials = false, EventSource = globalThis.EventSource } = options;
  const request: RequestInit = { credentials: withCredentials ? "include" : "same-origin" };
  const open = (url: string, lastId: string) =>
    new EventSource(
      lastId === "" ? `${url}/events` : `${url}/events?lastEventId=${encodeURIComponent(lastId)}`,
      { withCredentials },
    );
  return {
    open,
    fetchBoard: (url) => fetchBoard(url, request),
    fetchRows: (url) => fetchRows(url, request),
    clock: realClock,
    random: Math.random,
  };
}
