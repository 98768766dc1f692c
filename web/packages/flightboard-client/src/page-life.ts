// A hidden or frozen page must not hold a stream. When it returns, it must not wait for its next attempt.

export interface PageFollower {
  suspend(): void;
  wake(): void;
  renew(): void;
}

/** Tells a follower when its page is hidden and when it is back. Returns a function that ends this. */
export function watchPage({ suspend, wake, renew }: PageFollower): () => void {
  const listening = new AbortController();
  const runs: Record<string, () => void> = {
    pagehide: suspend,
    freeze: suspend,
    pageshow: wake,
    resume: wake,
    visibilitychange: () => document.hidden || wake(),
    online: renew,
  };
  for (const type in runs) {
    // Some of these events are the document's, and do not bubble.
    addEventListener(type, runs[type]!, { capture: true, signal: listening.signal });
  }
  return () => listening.abort();
}
