// Time as the machinery of the page sees it, so that tests can turn it by hand.

export interface Clock {
  /** The time of day, which may be set, back or forth. It goes on while the computer sleeps. */
  now(): number;
  /** Only grows. While the computer sleeps it stands still in most browsers, as timers do. */
  ticks(): number;
  /** Runs once, later; returns how to call it off. */
  after(millis: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  after(millis, run) {
    const timer = setTimeout(run, millis);
    return () => clearTimeout(timer);
  },
};
