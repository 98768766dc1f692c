// The language of a board's page.

import type { Clock } from "flightboard-client";
import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";
import { loadPart } from "../usePart.ts";
import { chosenTag, keepTag } from "./choice.ts";
import { en } from "./en.ts";
import type { Language } from "./language.ts";
import { loadedLanguage, loadLanguage, type LanguageTag } from "./languages.ts";

type ChooseLanguage = (tag: LanguageTag) => void;

/** Undefined until the first one is there. In place of one that does not come, the page has English. */
export function usePageLanguage(clock: Clock): [Language | undefined, ChooseLanguage] {
  const [tag, setTag] = useState(() => chosenTag(window.location.search, navigator.languages));
  const [language, setLanguage] = useState(() => loadedLanguage(tag));
  useEffect(() => {
    let isWanted = true;
    void loadPart(clock, () => loadLanguage(tag))
      .catch(() => en)
      .then((language) => isWanted && setLanguage(language));
    return () => {
      isWanted = false;
    };
  }, [clock, tag]);
  useLayoutEffect(() => {
    if (language !== undefined) setDocumentLanguage(language);
  }, [language]);
  const choose = useCallback((tag: LanguageTag) => {
    keepTag(tag);
    setTag(tag);
  }, []);
  return [language, choose];
}

export function setDocumentLanguage({ tag, direction }: Language): void {
  document.documentElement.lang = tag;
  document.documentElement.dir = direction;
}
