// The choice of the page's language: by its URL, by the reader, or by the browser's settings.

import { store, stored } from "../stored.ts";
import { languageTagOf, type LanguageTag } from "./languages.ts";

const SETTING = "language";

/** For the server, which draws the first rows in one language only. */
const COOKIE = "flightboard-language";
const YEAR_SECS = 365 * 24 * 3_600;

/** The first of the reader's languages that the page has. */
export function preferredTag(tags: readonly string[]): LanguageTag {
  return tags.map(languageTagOf).find((tag) => tag !== undefined) ?? "en";
}

/** `search` is the query of the page's URL, which names several languages on a wall; `preferred` are those of the browser. */
export function chosenTag(search: string, preferred: readonly string[]): LanguageTag {
  const [named] = (new URLSearchParams(search).get("lang") ?? "").split(",").map(languageTagOf);
  return named ?? languageTagOf(stored(SETTING) ?? "") ?? preferredTag(preferred);
}

/** The URL names another language no longer. */
export function keepTag(tag: LanguageTag): void {
  store(SETTING, tag);
  const { pathname } = new URL(document.baseURI);
  document.cookie = `${COOKIE}=${tag}; path=${pathname}; max-age=${YEAR_SECS}; samesite=lax`;
  const url = new URL(window.location.href);
  url.searchParams.delete("lang");
  window.history.replaceState(window.history.state, "", url);
}
