// Reloads the page once the server has another build of it: at a quiet moment, not at the same moment as other
// screens, and never in a loop. Two servers with different builds may share one address, and a proxy may keep
// an old page, so a reload does not always bring the build that a heartbeat names.

import { type Clock, SILENCE_TIMEOUT_MILLIS } from "flightboard-client";

/** Screens reload spread over this time, since all learn of a new build together. */
export const RELOAD_SPREAD_MILLIS = 60_000;
/** Time between two looks whether the moment is quiet. */
export const QUIET_POLL_MILLIS = 1_000;
/** Time until the next attempt when a reload would not help now. */
export const RETRY_MILLIS = 600_000;
export const MAX_RELOADS = 4;
/** The time in which there are at most `MAX_RELOADS`. */
export const RELOAD_MEMORY_MILLIS = 24 * 3_600_000;

export interface UpdaterEnvironment {
  clock: Clock;
  random(): number;
  /** This page's own build; undefined in development. */
  build: string | undefined;
  /** The build that a reload would show; undefined if the server's page cannot be reached. */
  fetchBuild(): Promise<string | undefined>;
  isQuiet(): boolean;
  reload(): void;
  /** Outlives a reload. Access may be denied. */
  storage(): Pick<Storage, "getItem" | "setItem">;
}

interface Reload {
  build: string;
  at: number;
}

const STORAGE_KEY = "flightboard.reloads";

export class PageUpdater {
  /** The server's build, if it is another one, and when a heartbeat last named it. */
  #wanted: { build: string; heardAt: number } | undefined;
  #isPending = false;

  constructor(private readonly environment: UpdaterEnvironment) {}

  /** Takes the build from a heartbeat. */
  hear(build: string): void {
    const { clock, build: own } = this.environment;
    const isOther = own !== undefined && build !== own;
    this.#wanted = isOther ? { build, heardAt: clock.ticks() } : undefined;
    if (!isOther || this.#isPending) return;
    this.#isPending = true;
    const spread = this.environment.random() * RELOAD_SPREAD_MILLIS;
    this.#attemptAfter(this.#hasReloadedFor(build) ? RETRY_MILLIS + spread : spread);
  }

  #attemptAfter(millis: number): void {
    this.environment.clock.after(millis, () => void this.#attempt());
  }

  async #attempt(): Promise<void> {
    const { clock, isQuiet, fetchBuild, reload } = this.environment;
    const wanted = this.#wanted;
    // Without a recent heartbeat the server may be away, and a reload would show the browser's error page.
    if (wanted === undefined || clock.ticks() - wanted.heardAt >= SILENCE_TIMEOUT_MILLIS) {
      this.#isPending = false;
      return;
    }
    if (!isQuiet()) return this.#attemptAfter(QUIET_POLL_MILLIS);
    const offered = await fetchBuild();
    const helps = offered === wanted.build || !this.#hasReloadedFor(wanted.build);
    if (offered !== undefined && helps && isQuiet() && this.#remember(wanted.build)) reload();
    else this.#attemptAfter(RETRY_MILLIS);
  }

  #hasReloadedFor(build: string): boolean {
    return this.#reloads()?.some((reload) => reload.build === build) ?? false;
  }

  /** False if there must be no reload: there were too many, or it would not be remembered. */
  #remember(build: string): boolean {
    const reloads = this.#reloads();
    if (reloads === undefined || reloads.length >= MAX_RELOADS) return false;
    try {
      const at = this.environment.clock.now();
      const text = JSON.stringify([...reloads, { build, at }]);
      this.environment.storage().setItem(STORAGE_KEY, text);
      return true;
    } catch {
      return false;
    }
  }

  /** The reloads that still count; undefined if they cannot be known. */
  #reloads(): Reload[] | undefined {
    try {
      const text = this.environment.storage().getItem(STORAGE_KEY) ?? "[]";
      const since = this.environment.clock.now() - RELOAD_MEMORY_MILLIS;
      return (JSON.parse(text) as Reload[]).filter(({ at }) => at > since);
    } catch {
      return undefined;
    }
  }
}
