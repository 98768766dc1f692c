// The languages of the page. The others are loaded when they are needed: few readers need more than one.

import { en } from "./en.ts";
import type { Language } from "./language.ts";
import { textLoader } from "./text-files.ts";

/** Their own names, by the tags of BCP 47. */
export const languageNames = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  ja: "日本語",
  ar: "العربية",
  zh: "中文",
} as const;

export type LanguageTag = keyof typeof languageNames;

export const languageTags = Object.keys(languageNames) as LanguageTag[];

const loadTexts = textLoader(
  en,
  import.meta.glob<Record<string, Language>>("./{de,es,fr,ja,ar,zh}.ts"),
);

const loaded = new Map<LanguageTag, Language>([["en", en]]);

/** Of the tag of any variant, such as `en-GB`. */
export function languageTagOf(tag: string): LanguageTag | undefined {
  const [name = ""] = tag.trim().toLowerCase().split("-");
  return Object.hasOwn(languageNames, name) ? (name as LanguageTag) : undefined;
}

export async function loadLanguage(tag: LanguageTag): Promise<Language> {
  const language = await loadTexts(tag);
  loaded.set(tag, language);
  return language;
}

/** Undefined until it is loaded. */
export function loadedLanguage(tag: LanguageTag): Language | undefined {
  return loaded.get(tag);
}
