// Texts with one file for each language, which is loaded when it is needed.

import type { LanguageTag } from "./languages.ts";

/** By their paths, as `import.meta.glob` gives them: each exports its texts by the tag of the language. */
type TextFiles<Texts> = Readonly<Record<string, () => Promise<Readonly<Record<string, Texts>>>>>;

/** The English texts are there from the start: they take the place of others that do not come. */
export function textLoader<Texts>(
  en: Texts,
  files: TextFiles<Texts>,
): (tag: LanguageTag) => Promise<Texts> {
  return async (tag) => {
    if (tag === "en") return en;
    const texts = (await files[`./${tag}.ts`]?.())?.[tag];
    if (texts === undefined) throw new Error(`there are no texts in ${tag}`);
    return texts;
  };
}
