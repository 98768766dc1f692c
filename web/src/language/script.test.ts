import { expect, test } from "vitest";
import { languageOfScript } from "./script.ts";

test.each([
  ["Rome", undefined],
  ["São Tomé", undefined],
  ["東京", undefined],
  ["ロンドン", "ja"],
  ["東京へ", "ja"],
  ["서울 GMP", "ko"],
  ["مطار جدة 7", "ar"],
  ["תל אביב", "he"],
  ["กรุงเทพ", "th"],
  ["Αθήνα", "el"],
  ["Москва", undefined],
])("%s is of the language %s", (text, tag) => {
  expect(languageOfScript(text)).toBe(tag);
});
