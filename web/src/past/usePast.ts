// The past of the board of a page, by a part of the page that is fetched when a reader asks for it.

import { realClock } from "flightboard-client";
import { useSyncExternalStore } from "preact/compat";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import type { Environment } from "../environment.ts";
import type { Follower } from "../follower.ts";
import { boardPath, subscribe, urlOf } from "../route.ts";
import { loadPart } from "../usePart.ts";
import type { PastPlayer, PastState } from "./past-player.ts";
import { pastTimeOf } from "./past-time.ts";
import { waitingFor, type ShownPast } from "./shown-past.ts";

const loadPast = () => loadPart(realClock, () => import("./index.ts"));

type PastPart = Awaited<ReturnType<typeof loadPast>>;

/** The part, once it is there. */
export interface LoadedPast {
  readonly part: PastPart;
  readonly player: PastPlayer;
  readonly state: PastState;
  /** The present, by the server's clock. */
  now(): number;
}

export interface Past {
  /** Undefined while the page is live. */
  readonly shown: ShownPast | undefined;
  /** Undefined until the time bar is wanted, and until it can be shown. */
  readonly bar: LoadedPast | undefined;
  readonly isOpen: boolean;
  toggle(): void;
}

/** The past of the board that `live` follows. The URL names its time. */
export function usePast(name: string, environment: Environment, live: Follower): Past {
  const urlTime = useSyncExternalStore(subscribe, currentTime);
  const [isOpen, setOpen] = useState(urlTime !== undefined);
  const isWanted = isOpen || urlTime !== undefined;
  const [part, setPart] = useState<PastPart>();
  useEffect(() => {
    // The board is complete without it, if it does not load.
    if (isWanted && part === undefined) void loadPast().then(setPart, () => setOpen(false));
  }, [isWanted, part]);
  const player = useMemo(
    () =>
      isWanted && part ? new part.PastPlayer(urlOf(boardPath(name)), environment, live) : undefined,
    [isWanted, part, name, environment, live],
  );
  useLayoutEffect(() => {
    player?.open();
    return () => player?.dispose();
  }, [player]);
  const state = useSyncExternalStore(player?.subscribe ?? subscribeToNothing, () =>
    player?.state(),
  );
  const waiting = useMemo(() => urlTime && waitingFor(urlTime), [urlTime]);
  const bar = useMemo(
    () => part && player && state && { part, player, state, now: live.now },
    [part, player, state, live],
  );
  return {
    shown: state ? state.shown : waiting || undefined,
    bar,
    isOpen: isWanted,
    toggle: () => setOpen(!isOpen),
  };
}

/** That of the URL. */
function currentTime(): number | undefined {
  return pastTimeOf(window.location.search)?.at;
}

const subscribeToNothing = () => () => undefined;
