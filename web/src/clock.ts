// Time as the machinery of the page sees it, so that tests can turn it by hand.

export interface Clock {
  now(): number;
  /** Runs once, later; returns how to call it off. */
  after(millis: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  after(millis, run) {
    const timer = setTimeout(run, millis);
    return () => clearTimeout(timer);
  },
};
