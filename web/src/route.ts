// The page's URLs: all are below the server's base path. The board shown is kept in the URL alone.

import { useSyncExternalStore } from "preact/compat";

export const DEFAULT_BOARD = "main";

/** The path of the server's root without a slash at the end, from the `<base>` element that the server sends. */
function rootPath(): string {
  if (document.querySelector("base") === null) return "";
  return new URL(document.baseURI).pathname.replace(/\/$/, "");
}

/** The URL of a path of the server, such as `/boards`. */
export function urlOf(path: string): string {
  return rootPath() + path;
}

export function boardPath(board: string): string {
  return `/boards/${encodeURIComponent(board)}`;
}

/** In lower case, as the server lists it: letter case does not count in the server's paths. */
export function boardOf(pathname: string): string {
  const name = /^\/boards\/([^/]+)\/?$/i.exec(pathname.slice(rootPath().length))?.[1];
  if (name === undefined) return DEFAULT_BOARD;
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}

export function useBoardName(): string {
  return useSyncExternalStore(subscribe, () => boardOf(window.location.pathname));
}

export function goToBoard(board: string): void {
  window.history.pushState(null, "", urlOf(boardPath(board)));
  window.dispatchEvent(new PopStateEvent("popstate"));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  return () => window.removeEventListener("popstate", listener);
}
