// Reloads a page that has crashed: soon, then less and less often, since a reload may bring the same crash.

import type { Clock } from "flightboard-client";

export const FIRST_RELOAD_MILLIS = 5_000;
export const MAX_RELOAD_MILLIS = 10 * 60_000;
/** Crashes before this time do not count any more. */
export const CRASH_MEMORY_MILLIS = 3_600_000;

const STORAGE_KEY = "flightboard.crashes";

export interface CrashEnvironment {
  clock: Clock;
  /** False while a reload would show the browser's error page. */
  isServerReachable(): Promise<boolean>;
  reload(): void;
  /** Outlives a reload. Access may be denied. */
  storage(): Pick<Storage, "getItem" | "setItem">;
}

/** Returns a function that cancels the reload. */
export function reloadAfterCrash(environment: CrashEnvironment): () => void {
  const { clock, isServerReachable, reload } = environment;
  const wait = nextWait(environment);
  let cancel = clock.after(wait, attempt);
  async function attempt() {
    if (await isServerReachable()) reload();
    else cancel = clock.after(wait, attempt);
  }
  return () => cancel();
}

/** Remembers a crash. Returns the longest wait if crashes cannot be counted. */
function nextWait({ clock, storage }: CrashEnvironment): number {
  try {
    const now = clock.now();
    const text = storage().getItem(STORAGE_KEY) ?? "[]";
    const crashes = (JSON.parse(text) as number[]).filter((at) => now - at < CRASH_MEMORY_MILLIS);
    storage().setItem(STORAGE_KEY, JSON.stringify([...crashes, now]));
    return Math.min(MAX_RELOAD_MILLIS, FIRST_RELOAD_MILLIS * 2 ** crashes.length);
  } catch {
    return MAX_RELOAD_MILLIS;
  }
}
