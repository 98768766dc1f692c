// The language of an element in a page of others: that of the text around it, if there is one, or the reader's.

import type { Clock } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import { preferredTag } from "../language/choice.ts";
import { en } from "../language/en.ts";
import type { Language } from "../language/language.ts";
import { loadedLanguage, loadLanguage } from "../language/languages.ts";
import { loadPart } from "../usePart.ts";

/** `wanted` is a tag of BCP 47. Undefined until the language is there; English in place of one that does not come. */
export function useElementLanguage(wanted: string | undefined, clock: Clock): Language | undefined {
  const tag = preferredTag([wanted ?? "", ...navigator.languages]);
  const [language, setLanguage] = useState<Language>();
  useEffect(() => {
    let isPresent = true;
    void loadPart(clock, () => loadLanguage(tag))
      .catch(() => en)
      .then((language) => isPresent && setLanguage(language));
    return () => {
      isPresent = false;
    };
  }, [clock, tag]);
  return loadedLanguage(tag) ?? language;
}
