// The languages of the page. The others are loaded when they are needed: few readers need more than one.

import { en } from "./en.ts";
import type { Language } from "./language.ts";

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

const loaders: Readonly<Record<LanguageTag, () => Promise<Language>>> = {
  en: async () => en,
  de: async () => (await import("./de.ts")).de,
  es: async () => (await import("./es.ts")).es,
  fr: async () => (await import("./fr.ts")).fr,
  ja: async () => (await import("./ja.ts")).ja,
  ar: async () => (await import("./ar.ts")).ar,
  zh: async () => (await import("./zh.ts")).zh,
};

const loaded = new Map<LanguageTag, Language>([["en", en]]);

/** Of the tag of any variant, such as `en-GB`. */
export function languageTagOf(tag: string): LanguageTag | undefined {
  const [name = ""] = tag.trim().toLowerCase().split("-");
  return Object.hasOwn(languageNames, name) ? (name as LanguageTag) : undefined;
}

export async function loadLanguage(tag: LanguageTag): Promise<Language> {
  const language = await loaders[tag]();
  loaded.set(tag, language);
  return language;
}

/** Undefined until it is loaded. */
export function loadedLanguage(tag: LanguageTag): Language | undefined {
  return loaded.get(tag);
}
