// A follower of one board, another for another board, and awake only while the page is.

import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { Surroundings } from "./connection.ts";
import { Follower, type Followed } from "./follower.ts";

export function useFollower(board: string, surroundings: Surroundings): [Followed, Follower] {
  const follower = useMemo(() => new Follower(board, surroundings), [board, surroundings]);
  useEffect(() => {
    const onVisibility = () => {
      if (document.visibilityState === "visible") follower.wake();
    };
    follower.open();
    window.addEventListener("pagehide", follower.suspend);
    window.addEventListener("pageshow", follower.wake);
    window.addEventListener("online", follower.wake);
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      window.removeEventListener("pagehide", follower.suspend);
      window.removeEventListener("pageshow", follower.wake);
      window.removeEventListener("online", follower.wake);
      document.removeEventListener("visibilitychange", onVisibility);
      follower.dispose();
    };
  }, [follower]);
  return [useSyncExternalStore(follower.subscribe, follower.followed), follower];
}
