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
  const name = partsOf(pathname)?.board;
  return name === undefined ? DEFAULT_BOARD : decoded(name).toLowerCase();
}

/** The number of the flight that a URL names. */
export function flightNumberOf(pathname: string): string | undefined {
  const number = partsOf(pathname)?.flight;
  return number === undefined ? undefined : decoded(number);
}

function partsOf(pathname: string): { board?: string; flight?: string } | undefined {
  const path = pathname.slice(rootPath().length);
  return /^\/boards\/(?<board>[^/]+)(?:\/flights\/(?<flight>[^/]+))?\/?$/i.exec(path)?.groups;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useBoardName(): string {
  return useSyncExternalStore(subscribe, () => boardOf(window.location.pathname));
}

export function goToBoard(board: string): void {
  window.history.pushState(null, "", urlOf(boardPath(board)));
  tellUrl();
}

/** A change of the history by the page itself fires no event. */
export function tellUrl(): void {
  window.dispatchEvent(new PopStateEvent("popstate"));
}

export function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  return () => window.removeEventListener("popstate", listener);
}
