// Notices that nothing has arrived for too long, also while the computer slept.

import type { Clock } from "./clock.ts";

/** Timers stop while the computer sleeps; the watchdog notices within this time of waking up. */
export const WATCHDOG_INTERVAL_MILLIS = 1_000;

export class Watchdog {
  #lastActivity = { wall: 0, ticks: 0 };
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    /** The longest silence that is no fault at present. */
    private readonly limitMillis: () => number,
    private readonly onSilence: () => void,
  ) {}

  /** Something arrived, or a new attempt begins. */
  restart(): void {
    this.#lastActivity = this.#timestamp();
    this.#watch();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /**
   * Measures with both clocks: the wall clock keeps running while the computer sleeps, the monotonic clock
   * cannot be set back. Either alone could mistake an hour for a moment.
   */
  isSilent(): boolean {
    const { wall, ticks } = this.#timestamp();
    const silence = Math.max(wall - this.#lastActivity.wall, ticks - this.#lastActivity.ticks);
    return silence >= this.limitMillis();
  }

  #watch(): void {
    this.stop();
    this.#cancel = this.clock.after(WATCHDOG_INTERVAL_MILLIS, () => {
      if (this.isSilent()) this.onSilence();
      else this.#watch();
    });
  }

  #timestamp(): { wall: number; ticks: number } {
    return { wall: this.clock.now(), ticks: this.clock.ticks() };
  }
}
