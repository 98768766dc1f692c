// The network of a browser.

import { fetchBoard, fetchRows } from "./board-requests.ts";
import { realClock } from "./clock.ts";
import type { EventStream, StreamEnvironment } from "./environment.ts";
import { SharedStream } from "./shared-stream.ts";

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
  const environment: StreamEnvironment = {
    open,
    fetchBoard: (url) => fetchBoard(url, request),
    fetchRows: (url) => fetchRows(url, request),
    clock: realClock,
    random: Math.random,
  };
  // Browsers have locks in secure contexts only.
  const locks = globalThis.navigator?.locks;
  if (locks === undefined || typeof BroadcastChannel === "undefined") return environment;
  const tabs = { locks, channel: (name: string) => new BroadcastChannel(name) };
  const nameOf = (url: string) => `flightboard-client 1 ${withCredentials} ${url}`;
  return {
    ...environment,
    open: (url, lastId) => new SharedStream(nameOf(url), url, lastId, environment, tabs),
  };
}
