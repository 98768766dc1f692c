import { describe, expect, test } from "vitest";
import { languageTags } from "../../language/languages.ts";
import type { Reason } from "../fields.ts";
import { en } from "./en.ts";
import type { DeskLanguage } from "./language.ts";
import { loadDeskLanguage } from "./languages.ts";

const reasons: Reason[] = [
  { reason: "tooLong", max: 801 },
  { reason: "tooMany", max: 802 },
  ...(["control", "number", "leg", "date", "time", "skipped", "future", "noSchedule"] as const).map(
    (reason) => ({ reason }),
  ),
];

const origins = [
  { time: "<7>", publisher: "<8>", isFeed: true },
  { time: "<7>", publisher: "<8>", isFeed: false },
  { time: undefined, publisher: undefined, isFeed: false },
];

/** Arguments of texts that are not all strings. */
const ARGUMENTS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  reason: reasons.map((reason) => [reason]),
  changed: origins.map((origin) => ["<0>", "<1>", origin]),
  changedWhile: origins.map((origin) => ["<0>", undefined, "<2>", origin]),
  by: [[{ publisher: "<8>", isFeed: true }], [{ publisher: "<8>", isFeed: false }]],
  doubleLine: [[803]],
  tooManyCells: [[804]],
  publishLines: [
    [805, 805],
    [805, 806],
  ],
  linesDone: [[801, 802, 803, 804]],
};

/** All texts with the values that they were given. */
function textsOf(texts: object): { name: string; text: string; values: string[] }[] {
  return Object.entries(texts).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "string") return [{ name, text: value, values: [] }];
    if (typeof value === "object") return textsOf(value as object);
    const text = value as (...values: unknown[]) => string;
    const strings = ["<0>", "<1>", "<2>"].slice(0, text.length);
    return (ARGUMENTS[name] ?? [strings]).map((values) => ({
      name,
      text: text(...values),
      values: JSON.stringify(values).match(/<\d>|80\d/g) ?? [],
    }));
  });
}

/** Headings, keys and names that all languages have. */
const SAME = new Set(["Date", "Token", "<0>", "<8>", "", "<0>, <1> · <2>", "<0>: <1>"]);

describe.each(languageTags)("%s", async (tag) => {
  const texts: DeskLanguage = await loadDeskLanguage(tag);

  test("uses all values", () => {
    const lacking = textsOf(texts).filter(({ text, values }) =>
      values.some((value) => !text.includes(value)),
    );
    expect(lacking).toEqual([]);
    expect(textsOf(texts).filter(({ text }) => /undefined|NaN|Object/.test(text))).toEqual([]);
  });

  if (tag !== "en")
    test("has no English left", () => {
      const english = new Set(textsOf(en).map(({ text }) => text));
      const same = textsOf(texts).filter(({ text }) => english.has(text) && !SAME.has(text));
      expect(same).toEqual([]);
    });

  if (["ar", "ja", "zh"].includes(tag))
    test("has its script only", () => {
      const words = textsOf(texts).map(({ text }) => text.replace(/BA117|Enter/g, ""));
      expect(words.filter((text) => /[a-z]/i.test(text))).toEqual([]);
    });
});
