// The page's source of time, replaced by a manual clock in tests.

export interface Clock {
  /** Wall-clock time: it may be set forwards or backwards, and keeps running while the computer sleeps. */
  now(): number;
  /** Monotonic time: in most browsers it stops, like timers, while the computer sleeps. */
  ticks(): number;
  /** Runs a callback once, later; returns a function that cancels it. */
  after(millis: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: Date.now,
  ticks: () => performance.now(),
  after(millis, run) {
    const timer = setTimeout(run, millis);
    return () => clearTimeout(timer);
  },
};
