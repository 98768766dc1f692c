// Decides by the ids of events and by heartbeats whether all events have arrived, so that the rows are right.
// It does not know the stream nor the rows.

import type { Clock } from "./clock.ts";
import type { BoardEvent, Heartbeat } from "./events.ts";
import { isAfter, sameEpoch } from "./ids.ts";

/** Time allowed for the event named by a heartbeat's head to arrive. */
export const GAP_TIMEOUT_MILLIS = 2_000;

export interface CompletenessListener {
  /** Returns false if the event does not fit the rows, which proves that an earlier event is lost. */
  onEvent(event: BoardEvent): boolean;
  /** An event has arrived in order, and no other one is expected. */
  onProgress(): void;
  /** The server's newest event is the last one received here. */
  onHead(): void;
  /** The rows are those of the server, which itself may be behind since a moment. */
  onConfirmation(behindSince: number | undefined): void;
  /** A heartbeat says that the server is behind. */
  onServerBehind(): void;
  /** Events arrive, but the newest one is late. */
  onLateHead(): void;
  /** An event is lost: another stream must resume after `lastId`, or begin with a timetable if that is empty. */
  onLoss(): void;
}

export interface Completeness {
  /** Empty without rows that another stream could continue. */
  newestId(): string;
  /** This may be another server. If it is behind, it says so before any rows. */
  beginStream(): void;
  /** The rows cannot be continued. */
  forgetRows(): void;
  /** Takes rows that a stream continues and confirms. */
  begin(event: BoardEvent, id: string): void;
  receive(event: BoardEvent, id: string): void;
  receiveHeartbeat(heartbeat: Heartbeat["data"], id: string): void;
  /** The stream has ended or is cut: a head that was announced says nothing about the next one. */
  stopExpecting(): void;
}

export function createCompleteness(clock: Clock, listener: CompletenessListener): Completeness {
  let lastId = "";
  /** A head that has not arrived yet, and the last id received when it was announced. */
  let expectedHead: string | undefined;
  let expectedAfter: string | undefined;
  /** Since when the server itself may be behind, if it says so. */
  let behindSince: number | undefined;
  /** The last id at the previous gap. A second gap at the same id is not repaired by resuming from it again. */
  let lastGapId: string | undefined;
  let cancelGap: (() => void) | undefined;

  function begin(event: BoardEvent, id: string): void {
    lastId = id;
    listener.onEvent(event);
  }

  function receive(event: BoardEvent, id: string): void {
    if (event.name === "timetable") {
      begin(event, id);
      return confirmRows();
    }
    // An update without a preceding timetable.
    if (!lastId) return restartFromTimetable();
    if (id && !isAfter(id, lastId)) {
      // A duplicate: behind a proxy that strips `Last-Event-ID`, a browser resumes from the older id in the
      // URL. An id of another epoch belongs to another history, so these rows cannot be kept.
      if (!sameEpoch(id, lastId)) restartFromTimetable();
      return;
    }
    if (!listener.onEvent(event)) return restartFromTimetable();
    lastId = id || lastId;
    if (!expectedHead) listener.onProgress();
    else if (!isAfter(expectedHead, lastId)) confirmHead();
  }

  function receiveHeartbeat({ head, behind }: Heartbeat["data"], id: string): void {
    // Events with names that this page does not know reach no listener, but the browser keeps their ids and
    // shows the last one in every later event.
    if (lastId && id && id !== lastId) {
      if (isAfter(id, lastId)) lastId = id;
      else if (!sameEpoch(id, lastId)) return restartFromTimetable();
    }
    if (behind === undefined) {
      behindSince = undefined;
      // The stream is ordered: the event named by the head came before the heartbeat or follows right after.
      return head === lastId ? confirmHead() : expectHead(head);
    }
    // The head of a server that is behind proves nothing.
    behindSince ??= clock.now() - behind * 1_000;
    stopExpecting();
    if (!lastId) return;
    confirmRows();
    listener.onServerBehind();
  }

  function stopExpecting(): void {
    expectedHead = undefined;
    cancelGap?.();
  }

  function expectHead(head: string): void {
    const seen = lastId;
    const isSlow = expectedHead && expectedAfter !== seen;
    expectedHead = head;
    expectedAfter = seen;
    // Events arrive, but slowly. Reconnecting would slow them down further.
    if (isSlow) return;
    cancelGap?.();
    cancelGap = clock.after(GAP_TIMEOUT_MILLIS, () => {
      if (lastId !== seen) return listener.onLateHead();
      if (lastGapId === lastId) lastId = "";
      lastGapId = lastId;
      listener.onLoss();
    });
  }

  function restartFromTimetable(): void {
    lastId = "";
    listener.onLoss();
  }

  function confirmHead(): void {
    lastGapId = undefined;
    listener.onHead();
    confirmRows();
  }

  function confirmRows(): void {
    stopExpecting();
    listener.onConfirmation(behindSince);
  }

  return {
    newestId: () => lastId,
    beginStream: () => (behindSince = undefined),
    forgetRows: () => (lastId = ""),
    begin,
    receive,
    receiveHeartbeat,
    stopExpecting,
  };
}
