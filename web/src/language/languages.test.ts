import { describe, expect, test } from "vitest";
import { stateNames } from "../states.ts";
import { testTexts, textsOf, type GivenArguments } from "../test-texts.ts";
import { en } from "./en.ts";
import type { Language } from "./language.ts";
import { languageTagOf, languageTags, loadLanguage } from "./languages.ts";

/** Words of airports and computers that other languages have too. */
const INTERNATIONAL =
  "Boarding Check-in Codeshares Date Destination Gate Live Status Terminal Token via".split(" ");

const DURATION = /^(\d+ (h|min) ?)+$/;

/** Words that are not translated into any script. */
const NAMES = /https|\?airport=/g;

const MINUTES = [0, 1, 2, 5, 45, 60, 61, 150];
const COUNTS = [1, 2, 3, 11, 100, 857];
const WALL = Date.UTC(2026, 0, 16, 20, 18);

/** Arguments of texts that are not all strings. */
const ARGUMENTS: GivenArguments = {
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

const plain = (language: Language) =>
  textsOf(language, ARGUMENTS).filter(({ name }) => name !== "tag" && name !== "direction");

describe.each(languageTags)("%s", async (tag) => {
  const language = await loadLanguage(tag);
  const texts = plain(language);

  test("has its tag and direction", () => {
    expect(language.tag).toBe(tag);
    expect(language.direction).toBe(tag === "ar" ? "rtl" : "ltr");
  });

  testTexts(tag, texts, plain(en), { shared: [...INTERNATIONAL, DURATION], names: NAMES });

  test("no text is empty", () => {
    expect(texts.filter(({ text }) => text.trim() === "")).toEqual([]);
  });

  test("names each state differently", () => {
    const names = stateNames.map((state) => language.states[state]);
    expect(new Set(names).size).toBe(stateNames.length);
  });
});

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
