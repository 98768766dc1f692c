// The choice of the page's language: by its URL, by the reader, or by the browser's settings.

import { store, stored } from "../stored.ts";
import { languageTagOf, type LanguageTag } from "./languages.ts";

const SETTING = "language";

/** The first of the reader's languages that the page has. */
export function preferredTag(tags: readonly string[]): LanguageTag {
  return tags.map(languageTagOf).find((tag) => tag !== undefined) ?? "en";
}

/** `search` is the query of the page's URL, `preferred` are the languages of the browser. */
export function chosenTag(search: string, preferred: readonly string[]): LanguageTag {
  const named = languageTagOf(new URLSearchParams(search).get("lang") ?? "");
  return named ?? languageTagOf(stored(SETTING) ?? "") ?? preferredTag(preferred);
}

/** The URL names another language no longer. */
export function keepTag(tag: LanguageTag): void {
  store(SETTING, tag);
  const url = new URL(window.location.href);
  url.searchParams.delete("lang");
  window.history.replaceState(window.history.state, "", url);
}
