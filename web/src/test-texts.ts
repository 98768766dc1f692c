// The rules for the texts of all parts of the page, for tests.

import { expect, test } from "vitest";
import type { LanguageTag } from "./language/languages.ts";

export interface TestedText {
  readonly name: string;
  readonly text: string;
  /** Those that the text has to contain. */
  readonly values: readonly string[];
}

/** By the name of a text, each time that it is formed: the arguments, where they are not all strings. */
export type GivenArguments = Readonly<Record<string, readonly (readonly unknown[])[]>>;

/** All texts of a language. The values in them are `<0>` to `<9>`, and the numbers from 800 to 899. */
export function textsOf(table: object, given: GivenArguments, prefix = ""): TestedText[] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (typeof value === "string") return [{ name, text: value, values: [] }];
    if (typeof value === "object") return textsOf(value as object, given, `${name}.`);
    const text = value as (...values: unknown[]) => string;
    const strings = ["<0>", "<1>", "<2>"].slice(0, text.length);
    return (given[key] ?? [strings]).map((values) => ({
      name: `${name}(${JSON.stringify(values)})`,
      text: text(...values),
      values: JSON.stringify(values).match(/<\d>|\b8\d\d\b/g) ?? [],
    }));
  });
}

interface Exceptions {
  /** Words that languages share. */
  readonly shared: readonly (string | RegExp)[];
  /** Words that are not translated into any script. */
  readonly names?: RegExp;
}

/** Defines the tests of one language. */
export function testTexts(
  tag: LanguageTag,
  texts: readonly TestedText[],
  english: readonly TestedText[],
  { shared, names }: Exceptions,
): void {
  test("has all texts", () => {
    expect(texts.map(({ name }) => name)).toEqual(english.map(({ name }) => name));
    const broken = texts.filter(({ text }) => /undefined|NaN|Object|#/.test(text));
    expect(broken).toEqual([]);
  });

  test("uses all values", () => {
    const lacking = texts.filter(({ text, values }) =>
      values.some((value) => !text.includes(value)),
    );
    expect(lacking).toEqual([]);
  });

  if (tag !== "en")
    test("has no English left", () => {
      const all = new Set(english.map(({ text }) => text));
      const words = texts
        .filter(({ text }) => all.has(text))
        .map(({ text }) => text.replace(/<\d>/g, "").trim())
        .filter((word) => /[a-z]/i.test(word));
      const isShared = (word: string) =>
        shared.some((one) => (typeof one === "string" ? one === word : one.test(word)));
      expect(words.filter((word) => !isShared(word))).toEqual([]);
    });

  if (["ar", "ja", "zh"].includes(tag))
    test("has its script only", () => {
      const latin = texts.filter(({ text }) =>
        /[a-z]/i.test(names ? text.replace(names, "") : text),
      );
      expect(latin).toEqual([]);
    });
}
