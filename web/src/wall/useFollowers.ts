// Follows several boards.

import { useEffect, useMemo, useReducer } from "preact/hooks";
import type { Environment } from "../environment.ts";
import { Follower, type FollowerState } from "../follower.ts";
import { boardPath, urlOf } from "../route.ts";

/** Over HTTP/1.1 a browser opens six connections to a host; one is left for requests. */
export const MAX_FOLLOWED = 5;

export function useFollowers(
  names: readonly string[],
  environment: Environment,
): readonly FollowerState[] {
  const list = names.join("\n");
  const followers = useMemo(
    () => names.map((name) => new Follower(urlOf(boardPath(name)), environment)),
    [list, environment],
  );
  const [, renderAgain] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    for (const follower of followers) {
      follower.subscribe(() => renderAgain());
      follower.open();
    }
    return () => {
      for (const follower of followers) follower.dispose();
    };
  }, [followers]);
  return followers.map((follower) => follower.followed());
}
