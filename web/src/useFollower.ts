// Follows one board while the page is visible, and switches when the board changes.

import { useSyncExternalStore } from "preact/compat";
import { useEffect, useMemo } from "preact/hooks";
import type { Environment } from "./environment.ts";
import { Follower, type FollowerState } from "./follower.ts";

export function useFollower(board: string, environment: Environment): [FollowerState, Follower] {
  const follower = useMemo(() => new Follower(board, environment), [board, environment]);
  useEffect(() => {
    const onVisibility = () => {
      if (document.visibilityState === "visible") follower.wake();
    };
    follower.open();
    window.addEventListener("pagehide", follower.suspend);
    window.addEventListener("pageshow", follower.wake);
    window.addEventListener("online", follower.renew);
    document.addEventListener("visibilitychange", onVisibility);
    document.addEventListener("freeze", follower.suspend);
    document.addEventListener("resume", follower.wake);
    return () => {
      window.removeEventListener("pagehide", follower.suspend);
      window.removeEventListener("pageshow", follower.wake);
      window.removeEventListener("online", follower.renew);
      document.removeEventListener("visibilitychange", onVisibility);
      document.removeEventListener("freeze", follower.suspend);
      document.removeEventListener("resume", follower.wake);
      follower.dispose();
    };
  }, [follower]);
  return [useSyncExternalStore(follower.subscribe, follower.followed), follower];
}
