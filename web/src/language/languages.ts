// The languages of the page.

import { en } from "./en.ts";
import type { Language } from "./language.ts";

const languages: readonly Language[] = [en];

/** By a tag of BCP 47, of which only the language counts. */
export function languageOf(tag: string): Language | undefined {
  const [name] = tag.toLowerCase().split("-");
  return languages.find((language) => language.tag === name);
}
