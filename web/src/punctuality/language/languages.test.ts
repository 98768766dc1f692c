import { describe, expect, test } from "vitest";
import { languageTags } from "../../language/languages.ts";
import { testTexts, textsOf } from "../../test-texts.ts";
import { en } from "./en.ts";
import { loadPunctualityTexts } from "./languages.ts";
import type { PunctualityTexts } from "./language.ts";

/** Those that the browser does not form. */
function wordsOf({ percent, minutes, ...words }: PunctualityTexts) {
  return textsOf(words, { moreAirlines: [[1], [2], [853]] });
}

describe.each(languageTags)("%s", async (tag) => {
  const texts = await loadPunctualityTexts(tag);
  testTexts(tag, wordsOf(texts), wordsOf(en), { shared: ["Table"] });

  test("forms numbers", () => {
    expect(texts.percent(0.816)).toContain("82");
    expect(texts.minutes(-7)).toMatch(/[-−]\u200e?7/);
  });
});
