import { describe, expect, test } from "vitest";
import { stateNames } from "../states.ts";
import { en } from "./en.ts";
import type { Language } from "./language.ts";
import { languageTagOf, languageTags, loadLanguage } from "./languages.ts";

/** Words of airports and computers that other languages have too. */
const INTERNATIONAL = new Set(
  "Boarding Check-in Codeshares Date Destination Gate Live Status Terminal Token via".split(" "),
);

/** Words that are not translated into any script. */
const NAMES = /https|\?airport=/g;

const MINUTES = [0, 1, 2, 5, 45, 60, 61, 150];
const COUNTS = [1, 2, 3, 11, 100, 857];
const WALL = Date.UTC(2026, 0, 16, 20, 18);

/** Arguments of texts that are not all strings. */
const ARGUMENTS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  duration: MINUTES.map((minutes) => [minutes]),
  until: MINUTES.map((minutes) => [minutes]),
  day: [
    [-1, "<0>"],
    [1, "<0>"],
    [5, "<0>"],
  ],
  shortDate: [[WALL]],
  longDate: [[WALL]],
  dayOfMonth: [[WALL]],
  ago: COUNTS.map((count) => [count, "hour"]),
  earlierFlights: COUNTS.map((count) => [count]),
  found: COUNTS.flatMap((count) => [
    [count, 0],
    [900, count],
    [900 + count, 900 + count],
  ]),
  leaves: [
    ["<0>", "<1>"],
    ["<0>", undefined],
  ],
  arrives: [
    ["<0>", "<1>"],
    ["<0>", undefined],
  ],
  dayOffset: [[1], [-1], [2], [3]],
  rowsOf: [[801, 802, 803]],
  more: COUNTS.map((count) => [count]),
  pageOf: [[801, 802]],
  tooManyBoards: [[805]],
};

interface Text {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** All texts of a language, with the values that they were given. */
function textsOf(table: object, prefix = ""): Text[] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (typeof value === "string") return [{ name, text: value, values: [] }];
    if (typeof value === "object" && value !== null) return textsOf(value, `${name}.`);
    const text = value as (...values: unknown[]) => string;
    const strings = ["<0>", "<1>", "<2>"].slice(0, text.length);
    return (ARGUMENTS[key] ?? [strings]).map((values) => ({
      name: `${name}(${values.join()})`,
      text: text(...values),
      values,
    }));
  });
}

const plain = (language: Language) =>
  textsOf(language).filter(({ name }) => name !== "tag" && name !== "direction");

const english = new Map(plain(en).map(({ name, text }) => [name, text]));

describe.each(languageTags)("%s", async (tag) => {
  const language = await loadLanguage(tag);
  const texts = plain(language);

  test("has its tag and direction", () => {
    expect(language.tag).toBe(tag);
    expect(language.direction).toBe(tag === "ar" ? "rtl" : "ltr");
  });

  test("has all texts", () => {
    expect(texts.map(({ name }) => name)).toEqual([...english.keys()]);
    const empty = texts.filter(({ text }) => text.trim() === "" || /undefined|NaN|#/.test(text));
    expect(empty).toEqual([]);
  });

  test("uses all values", () => {
    const strings = (values: Text["values"]) =>
      values.filter((value) => typeof value === "string" && value.startsWith("<"));
    const lacking = texts.filter(({ text, values }) =>
      strings(values).some((value) => !text.includes(String(value))),
    );
    expect(lacking).toEqual([]);
    const numbers = texts.filter(({ text, values }) =>
      values.some(
        (value) => Number(value) > 799 && value !== WALL && !text.includes(String(value)),
      ),
    );
    expect(numbers.filter(({ name }) => !name.startsWith("found"))).toEqual([]);
  });

  test("names each state differently", () => {
    const names = stateNames.map((state) => language.states[state]);
    expect(new Set(names).size).toBe(stateNames.length);
  });

  if (tag !== "en")
    test("has no English left", () => {
      const same = texts.filter(
        ({ name, text }) => /[a-z]/i.test(text.replace(/<\d>/g, "")) && english.get(name) === text,
      );
      const words = same.map(({ text }) => text.replace(/<\d>/g, "").trim());
      expect(words.filter((word) => !isInternational(word))).toEqual([]);
    });

  if (["ar", "ja", "zh"].includes(tag))
    test("has its script only", () => {
      const latin = texts.filter(({ text }) => /[a-z]/i.test(text.replace(NAMES, "")));
      expect(latin).toEqual([]);
    });
});

function isInternational(word: string): boolean {
  return INTERNATIONAL.has(word) || /^(\d+ (h|min) ?)+$/.test(word);
}

test("Arabic counts in six forms", async () => {
  const { earlierFlights } = await loadLanguage("ar");
  const forms = [0, 1, 2, 3, 11, 100].map((count) => earlierFlights(count).replace(/\d+/, "#"));
  expect(forms).toEqual([
    "لا رحلات سابقة",
    "رحلة سابقة واحدة",
    "رحلتان سابقتان",
    "# رحلات سابقة",
    "# رحلة سابقة",
    "# رحلة سابقة",
  ]);
});

test.each([
  ["de-AT", "de"],
  ["zh-Hans-CN", "zh"],
  [" AR ", "ar"],
  ["tlh", undefined],
  ["constructor", undefined],
  ["", undefined],
])("the tag %j is of %s", (tag, language) => {
  expect(languageTagOf(tag)).toBe(language);
});
