// One event stream for all tabs of an origin: over HTTP/1.1 a browser opens six connections to one host for all its
// tabs together. The tab that holds a lock leads: it has the EventSource, and passes each event on. The next one
// in the queue of the lock continues after the last event that it has heard.
//
// A tab that joins may have missed earlier events. The leader tells it its last id, and unless that is the tab's own,
// the tab gets all rows by a plain request.

import { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { CLOSED, listen, OPEN, type EventStream, type StreamEnvironment } from "./environment.ts";
import type { StreamEvent } from "./events.ts";
import { follows } from "./ids.ts";

/** A leader that does not answer for this time passes no events on either. */
export const LEADER_TIMEOUT_MILLIS = 5_000;

/** An event of the leader's stream. */
interface PassedEvent {
  type: StreamEvent["name"];
  data: string;
  lastEventId: string;
}

/** Of the leader: its stream is open, and all events up to `lastId` have been passed on. */
interface OpenStream {
  type: "open";
  /** The tab that has asked; undefined for all tabs. */
  to: number | undefined;
  lastId: string;
  /** A heartbeat as of now; undefined until the stream has shown that it is complete. */
  beat: Beat | undefined;
}

interface Beat {
  head: string;
  behind?: number | undefined;
}

type Message =
  | (PassedEvent & { to?: undefined })
  | OpenStream
  /** `readyState` is that of the leader's stream, which is not open. */
  | { type: "error"; to?: undefined; readyState: number }
  /** There is a leader, whose stream is not open. */
  | { type: "wait"; to?: undefined }
  | { type: "ask"; to?: undefined; from: number };

export function shareStream(
  name: string,
  url: string,
  lastId: string,
  { clock, open, fetchRows }: StreamEnvironment,
  locks: Pick<LockManager, "request">,
  Channel = BroadcastChannel,
): EventStream {
  const tab = Math.random();
  const channel = new Channel(name);
  const post = (message: Message) => channel.postMessage(message);
  const stream = Object.assign(new EventTarget(), {
    readyState: 0,
    close() {
      channel.close();
      leave();
    },
  });
  /** Leaves the lock or its queue. */
  let place: AbortController | undefined;
  let cancelTimeout: (() => void) | undefined;
  /** Only the leader has one. */
  let source: EventStream | undefined;
  /** Of the leader's newest heartbeat since its stream was opened. */
  let beat: Beat | undefined;
  let heardAt = clock.ticks();
  /** Takes an event of the leader: before its first answer, events say nothing. */
  let take: ((event: PassedEvent) => void) | undefined;

  channel.onmessage = ({ data }: { data: Message }) => {
    if (data.type === "ask") {
      if (source) post(source.readyState === OPEN ? openStream(data.from) : { type: "wait" });
    } else if (!source && (data.to ?? tab) === tab) {
      cancelTimeout?.();
      if ("lastId" in data) void follow(data);
      else if ("data" in data) take?.(data);
      else if (data.type === "error") fail(data.readyState);
    }
  };
  join();
  return stream;

  function join(): void {
    queueUp();
    post({ type: "ask", from: tab });
    cancelTimeout = clock.after(LEADER_TIMEOUT_MILLIS, () => {
      leave();
      queueUp({ steal: true });
    });
  }

  function leave(): void {
    cancelTimeout?.();
    take = undefined;
    source?.close();
    source = undefined;
    place?.abort();
    place = undefined;
  }

  function queueUp(options?: LockOptions): void {
    const own = new AbortController();
    const { signal } = own;
    place = own;
    const lead = () =>
      place === own &&
      new Promise((release) => {
        signal.onabort = release;
        leadTabs();
      });
    locks.request(name, options ?? { signal }, lead).catch((error: DOMException) => {
      if (place !== own) return;
      // This page may not have locks, or another tab has taken this one.
      if (error.name !== "AbortError") return leadTabs();
      leave();
      join();
    });
  }

  function leadTabs(): void {
    cancelTimeout?.();
    take = undefined;
    // All tabs have lost the server. Each of them returns after a random wait.
    if (clock.ticks() - heardAt > SILENCE_TIMEOUT_MILLIS - LEADER_TIMEOUT_MILLIS)
      return fail(CLOSED);
    const own = open(url, lastId);
    source = own;
    listen(
      own,
      () => source === own,
      () => {
        beat = undefined;
        post(openStream());
        fire("open", OPEN);
      },
      () => {
        const { readyState } = own;
        post({ type: "error", readyState });
        fail(readyState);
      },
      (type, { data, lastEventId }) => {
        if (type === "heartbeat") beat = JSON.parse(data) as Beat;
        const passed = { type, data, lastEventId };
        post(passed);
        deliver(passed);
      },
    );
  }

  function openStream(to?: number): OpenStream {
    return { type: "open", to, lastId, beat: beat && asOfNow(beat) };
  }

  /** The events that came since are no reason for a doubt. */
  function asOfNow({ head, behind }: Beat): Beat {
    return { head: follows(lastId, head) ? lastId : head, behind };
  }

  async function follow({ lastId: leadersId, beat: leadersBeat }: OpenStream): Promise<void> {
    const waiting: PassedEvent[] = [];
    let rows;
    if (lastId !== leadersId) {
      const wait = (event: PassedEvent) => void waiting.push(event);
      take = wait;
      rows = await fetchRows?.(url);
      if (take !== wait) return;
      // Another server may have answered, which is behind that of the leader.
      if (!rows || (rows.id !== leadersId && !follows(rows.id, leadersId))) return fail(CLOSED);
    }
    take = deliver;
    fire("open", OPEN);
    if (rows) pass("timetable", rows.data, rows.id);
    if (leadersBeat) pass("heartbeat", asOfNow(leadersBeat), lastId);
    for (const event of waiting) take?.(event);
  }

  function pass(type: StreamEvent["name"], data: unknown, lastEventId: string): void {
    take?.({ type, data: JSON.stringify(data), lastEventId });
  }

  function deliver(event: PassedEvent): void {
    heardAt = clock.ticks();
    lastId = event.lastEventId || lastId;
    stream.dispatchEvent(new MessageEvent(event.type, event));
  }

  function fail(readyState: number): void {
    take = undefined;
    fire("error", readyState);
  }

  function fire(type: "open" | "error", readyState: number): void {
    stream.readyState = readyState;
    stream.dispatchEvent(new Event(type));
  }
}
