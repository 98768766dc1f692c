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

export class Completeness {
  #lastId = "";
  /** A head that has not arrived yet, and the last id received when it was announced. */
  #expectedHead: { head: string; after: string } | undefined;
  /** Since when the server itself may be behind, if it says so. */
  #behindSince: number | undefined;
  /** The last id at the previous gap. A second gap at the same id is not repaired by resuming from it again. */
  #lastGapId: string | undefined;
  #cancelGap: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly listener: CompletenessListener,
  ) {}

  /** Empty without rows that another stream could continue. */
  get lastId(): string {
    return this.#lastId;
  }

  get isServerBehind(): boolean {
    return this.#behindSince !== undefined;
  }

  /** This may be another server. If it is behind, it says so before any rows. */
  beginStream(): void {
    this.#behindSince = undefined;
  }

  /** The rows cannot be continued. */
  forgetRows(): void {
    this.#lastId = "";
  }

  /** Takes rows that a stream continues and confirms. */
  begin(event: BoardEvent, id: string): void {
    this.#lastId = id;
    this.listener.onEvent(event);
  }

  receive(event: BoardEvent, id: string): void {
    if (event.name === "timetable") {
      this.begin(event, id);
      return this.#confirmRows();
    }
    // An update without a preceding timetable.
    if (this.#lastId === "") return this.#restartFromTimetable();
    if (id !== "" && !isAfter(id, this.#lastId)) {
      // A duplicate: behind a proxy that strips `Last-Event-ID`, a browser resumes from the older id in the
      // URL. An id of another epoch belongs to another history, so these rows cannot be kept.
      if (!sameEpoch(id, this.#lastId)) this.#restartFromTimetable();
      return;
    }
    if (!this.listener.onEvent(event)) return this.#restartFromTimetable();
    if (id !== "") this.#lastId = id;
    if (this.#expectedHead === undefined) this.listener.onProgress();
    else if (!isAfter(this.#expectedHead.head, this.#lastId)) this.#confirmHead();
  }

  receiveHeartbeat({ head, behind }: Heartbeat["data"], id: string): void {
    // Events with names that this page does not know reach no listener, but the browser keeps their ids and
    // shows the last one in every later event.
    if (this.#lastId !== "" && id !== "" && id !== this.#lastId) {
      if (isAfter(id, this.#lastId)) this.#lastId = id;
      else if (!sameEpoch(id, this.#lastId)) return this.#restartFromTimetable();
    }
    if (behind === undefined) {
      this.#behindSince = undefined;
      return this.#compareWithHead(head);
    }
    // The head of a server that is behind proves nothing.
    this.#behindSince ??= this.clock.now() - behind * 1_000;
    this.stopExpecting();
    if (this.#lastId === "") return;
    this.#confirmRows();
    this.listener.onServerBehind();
  }

  /** The stream has ended or is cut: a head that was announced says nothing about the next one. */
  stopExpecting(): void {
    this.#expectedHead = undefined;
    this.#cancelGap?.();
    this.#cancelGap = undefined;
  }

  /** The stream is ordered: the event named by the head came before the heartbeat or follows right after. */
  #compareWithHead(head: string): void {
    if (head === this.#lastId) this.#confirmHead();
    else this.#expectHead(head);
  }

  #expectHead(head: string): void {
    const before = this.#expectedHead;
    const seen = this.#lastId;
    this.#expectedHead = { head, after: seen };
    // Events arrive, but slowly. Reconnecting would slow them down further.
    if (before !== undefined && before.after !== seen) return;
    this.#cancelGap?.();
    this.#cancelGap = this.clock.after(GAP_TIMEOUT_MILLIS, () => {
      if (this.#lastId === seen) this.#repairGap();
      else this.listener.onLateHead();
    });
  }

  #repairGap(): void {
    if (this.#lastGapId === this.#lastId) this.#lastId = "";
    this.#lastGapId = this.#lastId;
    this.listener.onLoss();
  }

  #restartFromTimetable(): void {
    this.#lastId = "";
    this.listener.onLoss();
  }

  #confirmHead(): void {
    this.#lastGapId = undefined;
    this.listener.onHead();
    this.#confirmRows();
  }

  #confirmRows(): void {
    this.stopExpecting();
    this.listener.onConfirmation(this.#behindSince);
  }
}
