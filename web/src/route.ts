// The board shown, which is kept in the URL alone.

import { useSyncExternalStore } from "react";
import { boardPath } from "./api.ts";

export const DEFAULT_BOARD = "main";

export function boardOf(pathname: string): string {
  const name = /^\/boards\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (name === undefined) return DEFAULT_BOARD;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function useBoardName(): string {
  return useSyncExternalStore(subscribe, () => boardOf(window.location.pathname));
}

export function goToBoard(board: string): void {
  window.history.pushState(null, "", boardPath(board));
  window.dispatchEvent(new PopStateEvent("popstate"));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  return () => window.removeEventListener("popstate", listener);
}
