import { expect, test } from "vitest";
import { keepAwake } from "./wake-lock.ts";

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = "visible";

  becomes(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

function fakeLock() {
  const lock = { requests: 0, releases: 0, isRefused: false, request };
  async function request(): Promise<WakeLockSentinel> {
    lock.requests += 1;
    if (lock.isRefused) throw new DOMException("low battery", "NotAllowedError");
    const release = async () => void (lock.releases += 1);
    return { release } as Partial<WakeLockSentinel> as WakeLockSentinel;
  }
  return lock;
}

test("a page visible again requests the lock again", async () => {
  const page = new Page();
  const lock = fakeLock();
  const release = keepAwake(page, lock);
  expect(lock.requests).toBe(1);
  page.becomes("hidden");
  expect(lock.requests).toBe(1);
  page.becomes("visible");
  expect(lock.requests).toBe(2);
  release();
  await Promise.resolve();
  await Promise.resolve();
  expect(lock.releases).toBe(1);
  page.becomes("visible");
  expect(lock.requests).toBe(2);
});

test("neither a refusal nor a missing lock matters", async () => {
  const page = new Page();
  const lock = fakeLock();
  lock.isRefused = true;
  keepAwake(page, lock);
  await Promise.resolve();
  lock.isRefused = false;
  page.becomes("visible");
  expect(lock.requests).toBe(2);
  expect(() => keepAwake(page, undefined)()).not.toThrow();
});
