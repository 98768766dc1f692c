// Keeps the screen on. A browser releases the lock whenever the page is hidden.

interface Page extends EventTarget {
  readonly visibilityState: DocumentVisibilityState;
}

/** Returns a function that lets the screen sleep again. Without `lock`, as over plain HTTP, the device decides. */
export function keepAwake(page: Page, lock: Pick<WakeLock, "request"> | undefined): () => void {
  let held: Promise<WakeLockSentinel | undefined> | undefined;
  const request = () => {
    if (page.visibilityState !== "visible") return;
    // It is refused, for example, on an empty battery.
    held = lock?.request("screen").catch(() => undefined);
  };
  request();
  page.addEventListener("visibilitychange", request);
  return () => {
    page.removeEventListener("visibilitychange", request);
    void held?.then((sentinel) => sentinel?.release());
  };
}
