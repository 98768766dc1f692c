// A hidden or frozen page must not hold a stream. When it returns, it must not wait for its next attempt.

export interface PageFollower {
  suspend(): void;
  wake(): void;
  renew(): void;
}

/** Tells a follower when its page is hidden and when it is back. Returns a function that ends this. */
export function watchPage(follower: PageFollower): () => void {
  if (typeof document === "undefined") return () => {};
  const listening = new AbortController();
  const listen = (target: EventTarget, type: string, run: () => void) =>
    target.addEventListener(type, run, { signal: listening.signal });
  const wake = () => follower.wake();
  const suspend = () => follower.suspend();
  listen(window, "pagehide", suspend);
  listen(window, "pageshow", wake);
  listen(window, "online", () => follower.renew());
  listen(document, "visibilitychange", () => document.visibilityState === "visible" && wake());
  listen(document, "freeze", suspend);
  listen(document, "resume", wake);
  return () => listening.abort();
}
