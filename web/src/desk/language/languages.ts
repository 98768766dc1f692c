// The texts of the desk in the language of the page.

import { textLoader } from "../../language/text-files.ts";
import { en } from "./en.ts";
import type { DeskLanguage } from "./language.ts";

export const loadDeskLanguage = textLoader(
  en,
  import.meta.glob<Record<string, DeskLanguage>>("./{de,es,fr,ja,ar,zh}.ts"),
);
