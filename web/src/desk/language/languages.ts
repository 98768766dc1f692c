// The texts of the desk in the language of the page.

import type { LanguageTag } from "../../language/languages.ts";
import { en } from "./en.ts";
import type { DeskLanguage } from "./language.ts";

const loaders: Readonly<Record<LanguageTag, () => Promise<DeskLanguage>>> = {
  en: async () => en,
  de: async () => (await import("./de.ts")).de,
  es: async () => (await import("./es.ts")).es,
  fr: async () => (await import("./fr.ts")).fr,
  ja: async () => (await import("./ja.ts")).ja,
  ar: async () => (await import("./ar.ts")).ar,
  zh: async () => (await import("./zh.ts")).zh,
};

export function loadDeskLanguage(tag: LanguageTag): Promise<DeskLanguage> {
  return loaders[tag]();
}
