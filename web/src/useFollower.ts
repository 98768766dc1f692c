// Follows one board while the page is visible, and switches when the board changes.

import { useSyncExternalStore } from "preact/compat";
import { useLayoutEffect, useMemo } from "preact/hooks";
import type { Environment } from "./environment.ts";
import { Follower, type FollowerState } from "./follower.ts";
import { boardPath, urlOf } from "./route.ts";

export function useFollower(board: string, environment: Environment): [FollowerState, Follower] {
  const follower = useMemo(
    () => new Follower(urlOf(boardPath(board)), environment),
    [board, environment],
  );
  // Before the browser paints: the first rows may be in the page.
  useLayoutEffect(() => {
    follower.open();
    return () => follower.dispose();
  }, [follower]);
  return [useSyncExternalStore(follower.subscribe, follower.followed), follower];
}
