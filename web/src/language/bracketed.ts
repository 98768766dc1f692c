// A language for tests: all of its texts are in brackets, so that a text without them is from somewhere else.

import type { Language } from "./language.ts";

/** A letter or a word outside of the brackets, if the text has one. */
export function unbracketed(text: string): string | undefined {
  let rest = text;
  let before: string;
  do {
    before = rest;
    rest = rest.replace(/⟦[^⟦⟧]*⟧/g, "");
  } while (rest !== before);
  return /[a-z].*/i.exec(rest)?.[0];
}

export function bracketed(language: Language): Language {
  return { ...(inBrackets(language) as Language), tag: language.tag };
}

function inBrackets(texts: unknown): unknown {
  switch (typeof texts) {
    case "string":
      return `⟦${texts}⟧`;
    case "function":
      return (...values: unknown[]) => `⟦${texts(...values)}⟧`;
    case "object":
      return Object.fromEntries(
        Object.entries(texts as object).map(([name, text]) => [name, inBrackets(text)]),
      );
    default:
      return texts;
  }
}
