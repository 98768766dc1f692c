// The network of a browser.

import { fetchBoard, fetchRows } from "./board-requests.ts";
import { realClock } from "./clock.ts";
import type { EventStream, StreamEnvironment } from "./environment.ts";
import { shareStream } from "./shared-stream.ts";

export interface BrowserOptions {
  /** Sends cookies to a server of another origin, for its private boards. It must allow this origin by name. */
  withCredentials?: boolean;
  /** Instead of the browser's own, such as a polyfill. */
  EventSource?: new (url: string, init?: EventSourceInit) => EventStream;
}

export function browserEnvironment(options: BrowserOptions = {}): StreamEnvironment {
  const { withCredentials = false, EventSource: Source = EventSource } = options;
  const request: RequestInit = withCredentials ? { credentials: "include" } : {};
  const open = (url: string, lastId: string) =>
    new Source(`${url}/events${lastId && `?lastEventId=${encodeURIComponent(lastId)}`}`, {
      withCredentials,
    });
  const environment: StreamEnvironment = {
    open,
    fetchBoard: (url) => fetchBoard(url, request),
    fetchRows: (url) => fetchRows(url, request),
    clock: realClock,
    random: Math.random,
  };
  // Browsers have locks in secure contexts only. Where they have locks, they have channels.
  const { locks } = navigator;
  if (!locks) return environment;
  return {
    ...environment,
    open: (url, lastId) =>
      shareStream(`flightboard ${withCredentials} ${url}`, url, lastId, environment, locks),
  };
}
