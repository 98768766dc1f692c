// Elements of a page that show the same board share its follower, and so one stream.

import { useSyncExternalStore } from "preact/compat";
import { useEffect, useMemo } from "preact/hooks";
import { Follower, type FollowerEnvironment, type FollowerState } from "../follower.ts";

export class SharedFollowers {
  /** By the URL of the board. */
  readonly #followers = new Map<string, Follower>();
  readonly #users = new Map<Follower, number>();

  constructor(private readonly environment: FollowerEnvironment) {}

  of(url: string): Follower {
    let follower = this.#followers.get(url);
    if (follower === undefined) {
      follower = new Follower(url, this.environment);
      this.#followers.set(url, follower);
    }
    return follower;
  }

  join(follower: Follower): void {
    const users = this.#users.get(follower) ?? 0;
    this.#users.set(follower, users + 1);
    if (users === 0) follower.open();
  }

  leave(follower: Follower): void {
    const users = (this.#users.get(follower) ?? 1) - 1;
    this.#users.set(follower, users);
    if (users > 0) return;
    follower.dispose();
    this.#users.delete(follower);
    for (const [url, one] of this.#followers) if (one === follower) this.#followers.delete(url);
  }
}

export function useSharedFollower(url: string, shared: SharedFollowers): [FollowerState, Follower] {
  const follower = useMemo(() => shared.of(url), [url, shared]);
  useEffect(() => {
    shared.join(follower);
    return () => shared.leave(follower);
  }, [shared, follower]);
  return [useSyncExternalStore(follower.subscribe, follower.followed), follower];
}
