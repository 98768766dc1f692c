// The texts of the page of the punctuality in the language of the page.

import { textLoader } from "../../language/text-files.ts";
import { en } from "./en.ts";
import type { PunctualityTexts } from "./language.ts";

export const loadPunctualityTexts = textLoader(
  en,
  import.meta.glob<Record<string, PunctualityTexts>>("./{de,es,fr,ja,ar,zh}.ts"),
);
