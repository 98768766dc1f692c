// The choice of the page's language: by its URL, by the reader, or by the browser's settings.

import { languageTagOf, type LanguageTag } from "./languages.ts";

const STORAGE_KEY = "flightboard.language";

/** The first of the reader's languages that the page has. */
export function preferredTag(tags: readonly string[]): LanguageTag {
  return tags.map(languageTagOf).find((tag) => tag !== undefined) ?? "en";
}

/** `search` is the query of the page's URL. */
export function chosenTag(search: string, storage: () => Storage): LanguageTag {
  const named = languageTagOf(new URLSearchParams(search).get("lang") ?? "");
  return named ?? storedTag(storage) ?? preferredTag(navigator.languages);
}

/** The storage may be denied. */
export function storeTag(tag: LanguageTag, storage: () => Storage): void {
  try {
    storage().setItem(STORAGE_KEY, tag);
  } catch {
    // Then the choice ends with the page.
  }
}

function storedTag(storage: () => Storage): LanguageTag | undefined {
  try {
    return languageTagOf(storage().getItem(STORAGE_KEY) ?? "");
  } catch {
    return undefined;
  }
}
