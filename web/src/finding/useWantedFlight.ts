// The flight whose details are above the board. The URL has it, so that it can be shared, and the browser's Back closes it.

import type { FlightKey } from "flightboard-client";
import { useSyncExternalStore } from "preact/compat";
import { useMemo } from "preact/hooks";
import { boardPath, flightNumberOf, namedLanguage, subscribe, tellUrl, urlOf } from "../route.ts";
import { pastTimeOf, withPastTime } from "../past/past-time.ts";
import { filtersOf, withFilters } from "./filters.ts";

/** In the history: the entry before is the board. */
const ABOVE_BOARD = "above-board";

/** The same object until the URL names another flight. */
export function useWantedFlight(): FlightKey | undefined {
  const url = useSyncExternalStore(subscribe, () => window.location.href);
  return useMemo(() => wantedFlight(new URL(url)), [url]);
}

export function wantedFlight({ pathname, searchParams }: URL): FlightKey | undefined {
  const flight = flightNumberOf(pathname);
  if (flight === undefined) return undefined;
  const date = searchParams.get("date");
  const leg = searchParams.get("leg");
  return { flight, ...(date !== null && { date }), ...(leg !== null && { leg }) };
}

/** A flight's link, without the filters of the page; as of a time of the past if there is one. */
export function flightLink(
  board: string,
  { flight, date, leg }: FlightKey,
  pastTime?: number,
): string {
  const path = `${boardPath(board)}/flights/${encodeURIComponent(flight)}`;
  const url = new URL(urlOf(path), window.location.origin);
  if (date !== undefined) url.searchParams.set("date", date);
  if (leg !== undefined) url.searchParams.set("leg", leg);
  // Links have no parts of a second.
  const at = pastTime && Math.floor(pastTime / 1_000) * 1_000;
  return withPastTime(url.href, at ? { at, speed: undefined } : undefined);
}

export function openFlight(board: string, flight: FlightKey): void {
  window.history.pushState(ABOVE_BOARD, "", kept(flightLink(board, flight)));
  tellUrl();
}

/** In the place of a choice of several, so that a date is named even if it is that of a row without. */
export function chooseFlight(board: string, { flight, date = "", leg = "" }: FlightKey): void {
  const link = kept(flightLink(board, { flight, date, leg }));
  window.history.replaceState(window.history.state, "", link);
  tellUrl();
}

export function closeFlight(board: string): void {
  if (window.history.state === ABOVE_BOARD) {
    keepPastTime();
    window.history.back();
    return;
  }
  window.history.replaceState(null, "", kept(urlOf(boardPath(board))));
  tellUrl();
}

/** The time has moved on since the entry of the board was made, to which the browser goes back now. */
function keepPastTime(): void {
  const time = pastTimeOf(window.location.search);
  const keep = () =>
    window.history.replaceState(null, "", withPastTime(window.location.href, time));
  // Before others read the URL.
  window.addEventListener("popstate", keep, { once: true, capture: true });
}

/** A URL with the filters, the language and the time that the URL of the page has now. */
function kept(url: string): string {
  const absolute = new URL(url, window.location.origin);
  const tag = namedLanguage();
  if (tag !== null) absolute.searchParams.set("lang", tag);
  const { search } = window.location;
  return withPastTime(withFilters(absolute.href, filtersOf(search)), pastTimeOf(search));
}
