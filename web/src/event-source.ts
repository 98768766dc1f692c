// Which EventSource the page uses: the browser's own or, only where there is none, a stand-in that is
// fetched at that moment.

import type { Stream } from "./connection.ts";

export type StreamClass = new (url: string) => Stream;

export async function eventSourceClass(): Promise<StreamClass> {
  if (typeof window.EventSource === "function") return window.EventSource;
  const { EventSourcePolyfill } = await import("event-source-polyfill");
  return EventSourcePolyfill as unknown as StreamClass;
}
