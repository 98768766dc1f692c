// The page's URLs: all are below the server's base path. The page shown is kept in the URL alone.

import { useMemo, useSyncExternalStore } from "preact/compat";

export const DEFAULT_BOARD = "main";

export type Route =
  /** `flight` is the number of the one whose details are open. */
  | { page: "board"; board: string; flight?: string }
  | { page: "wall"; board: string }
  | { page: "desk"; board: string }
  | { page: "punctuality"; board: string }
  | { page: "gate"; gate: string }
  | { page: "belt"; belt: string }
  | { page: "airport"; code: string }
  | { page: "unknown" };

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

/** Board names are in lower case, as the server lists them: letter case does not count in its paths. */
export function routeOf(pathname: string): Route {
  const path = pathname.slice(rootPath().length).replace(/\/$/, "");
  const [kind = "", name, ...rest] = path.split("/").slice(1).map(decoded);
  if (name === undefined || name === "") {
    const isHome = kind === "" || kind.toLowerCase() === "boards";
    return isHome ? { page: "board", board: DEFAULT_BOARD } : { page: "unknown" };
  }
  if (kind.toLowerCase() === "boards") return boardRoute(name.toLowerCase(), rest);
  if (rest.length > 0) return { page: "unknown" };
  switch (kind.toLowerCase()) {
    case "gates":
      return { page: "gate", gate: name };
    case "belts":
      return { page: "belt", belt: name };
    case "airports":
      return { page: "airport", code: name.toUpperCase() };
    default:
      return { page: "unknown" };
  }
}

function boardRoute(board: string, [page, flight, ...rest]: string[]): Route {
  if (rest.length > 0) return { page: "unknown" };
  if (page === undefined) return { page: "board", board };
  const isNumber = page.toLowerCase() === "flights" && flight !== undefined;
  if (isNumber) return { page: "board", board, flight };
  const name = page.toLowerCase();
  const isOther = name === "wall" || name === "desk" || name === "punctuality";
  return isOther && flight === undefined ? { page: name, board } : { page: "unknown" };
}

/** The number of the flight that a URL names. */
export function flightNumberOf(pathname: string): string | undefined {
  const route = routeOf(pathname);
  return route.page === "board" ? route.flight : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useRoute(): Route {
  const pathname = useSyncExternalStore(subscribe, () => window.location.pathname);
  return useMemo(() => routeOf(pathname), [pathname]);
}

/** The `lang` of the page's URL. */
export function namedLanguage(): string | null {
  return new URLSearchParams(window.location.search).get("lang");
}

/** The URL of a page, in the language that the URL of this one names. */
export function pageUrl(path: string): string {
  const tag = namedLanguage();
  return tag === null ? urlOf(path) : `${urlOf(path)}?lang=${encodeURIComponent(tag)}`;
}

export function goToBoard(board: string): void {
  window.history.pushState(null, "", pageUrl(boardPath(board)));
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
