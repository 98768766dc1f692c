// The language of a board's page.

import type { Clock } from "flightboard-client";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { loadPart } from "../usePart.ts";
import { chosenTag } from "./choice.ts";
import { en } from "./en.ts";
import type { Language } from "./language.ts";
import { loadedLanguage, loadLanguage } from "./languages.ts";

/** Undefined until it is there. In place of one that does not come, the page has English. */
export function usePageLanguage(clock: Clock): Language | undefined {
  const [tag] = useState(() => chosenTag(window.location.search, () => window.localStorage));
  const [language, setLanguage] = useState(() => loadedLanguage(tag));
  useEffect(() => {
    let isPresent = true;
    void loadPart(clock, () => loadLanguage(tag))
      .catch(() => en)
      .then((language) => isPresent && setLanguage(language));
    return () => {
      isPresent = false;
    };
  }, [clock, tag]);
  useLayoutEffect(() => {
    if (language !== undefined) setDocumentLanguage(language);
  }, [language]);
  return language;
}

export function setDocumentLanguage({ tag }: Language): void {
  document.documentElement.lang = tag;
}
