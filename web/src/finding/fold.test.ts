import { expect, test } from "vitest";
import { fold, wordsOf } from "./fold.ts";

test.each([
  ["AA 8892", "aa8892"],
  ["aa-8892", "aa8892"],
  ["São Paulo", "saopaulo"],
  ["SAO PAULO", "saopaulo"],
  ["Tromsø", "tromso"],
  ["Łódź", "lodz"],
  ["Weißenfels", "weissenfels"],
  ["Xi'an", "xian"],
  ["İstanbul", "istanbul"],
  ["ＣＸ７９７", "cx797"],
  ["東京 成田", "東京成田"],
  ["القاهرة", "القاهرة"],
  [" - ", ""],
])("%j is searched as %j", (text, folded) => {
  expect(fold(text)).toBe(folded);
});

test("words are folded one by one", () => {
  expect(wordsOf("  Cathay -  London ")).toEqual(["cathay", "london"]);
});
