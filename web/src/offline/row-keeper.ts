// Decides when the rows of a board are kept: once they are right, now and then as long as they are, and when
// that ends.

import type { Clock } from "flightboard-client";
import type { FollowerState } from "../follower.ts";
import type { RowStore } from "./row-store.ts";

/** Seldom, since some screens have a memory card that writing wears out. */
export const KEEP_INTERVAL_MILLIS = 5 * 60_000;

const ENDED = ["closed", "absent", "denied"];

export class RowKeeper {
  #state: FollowerState | undefined;
  /** Set while the rows are right. */
  #cancel: (() => void) | undefined;

  #isForgotten = false;

  constructor(
    private readonly url: string,
    private readonly store: RowStore,
    private readonly clock: Clock,
  ) {}

  /** Takes each new state of the follower. */
  hear(state: FollowerState): void {
    this.#state = state;
    const { connection, timetable, clockOffset } = state;
    if (ENDED.includes(connection.status) || timetable.board?.private) {
      this.#stop();
      if (!this.#isForgotten) void this.#forget();
    } else if (connection.status === "live") {
      // The server's time comes with the first heartbeat.
      if (this.#cancel === undefined && clockOffset !== undefined) this.#keepAgain();
    } else if (this.#cancel !== undefined) {
      this.#stop();
      void this.#keep("since" in connection ? connection.since : undefined);
    }
  }

  /** The reader has left the board. */
  close(): void {
    if (this.#cancel === undefined) return;
    this.#stop();
    void this.#keep(undefined);
  }

  #keepAgain(): void {
    void this.#keep(undefined);
    this.#cancel = this.clock.after(KEEP_INTERVAL_MILLIS, () => this.#keepAgain());
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** `since` is by this screen's clock; undefined for now. */
  async #keep(since = this.clock.now()): Promise<void> {
    const { timetable, clockOffset = 0 } = this.#state!;
    this.#isForgotten = false;
    // The browser may have no room.
    await this.store.keep(this.url, { timetable, at: since + clockOffset }).catch(() => undefined);
  }

  async #forget(): Promise<void> {
    this.#isForgotten = true;
    await this.store.forget(this.url).catch(() => undefined);
  }
}
