// The texts of a part of the page, in the language of the page.

import type { Clock } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import { loadPart } from "../usePart.ts";
import type { LanguageTag } from "./languages.ts";

/** Undefined until they are there. In place of those that do not come, the page has the English ones. */
export function useTexts<Texts>(
  clock: Clock,
  tag: LanguageTag,
  load: (tag: LanguageTag) => Promise<Texts>,
  en: Texts,
): Texts | undefined {
  const [texts, setTexts] = useState<Texts>();
  useEffect(() => {
    let isPresent = true;
    void loadPart(clock, () => load(tag))
      .catch(() => en)
      .then((texts) => isPresent && setTexts(() => texts));
    return () => {
      isPresent = false;
    };
  }, [clock, tag, load, en]);
  return texts;
}
