// Chooses the EventSource: the browser's own or, where it has none, a polyfill that is fetched on demand.

import type { EventStream } from "flightboard-client";

export type EventSourceClass = new (url: string) => EventStream;

export async function eventSourceClass(): Promise<EventSourceClass> {
  if (typeof window.EventSource === "function") return window.EventSource;
  const { EventSourcePolyfill } = await import("event-source-polyfill");
  return EventSourcePolyfill as unknown as EventSourceClass;
}
