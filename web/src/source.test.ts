import { expect, test } from "vitest";
import { en } from "./language/en.ts";
import { ageText, isLate, untilNextChange } from "./source.ts";
import { avinor } from "./test-doubles.ts";
import type { BoardSource } from "flightboard-client";

const answered = Date.parse(avinor.lastAnswer!);
const after = (seconds: number) => answered + seconds * 1_000;
const { lastAnswer: _, ...silent } = avinor;
const { lateAfter: __, ...timeless } = avinor;

test.each<[string, number]>([
  ["less than a minute ago", -3_600],
  ["less than a minute ago", 59],
  ["1 minute ago", 60],
  ["2 minutes ago", 179],
  ["59 minutes ago", 3_599],
  ["1 hour ago", 3_600],
  ["23 hours ago", 86_399],
  ["2 days ago", 180_000],
])("%s after %i s", (text, seconds) => {
  expect(ageText(avinor, after(seconds), "UTC", en)).toBe(text);
});

test("an unknown clock gives no age", () => {
  expect(ageText(avinor, undefined, "Europe/Oslo", en)).toBe("22 Nov, 14:57");
  expect(ageText(silent, after(0), "Europe/Oslo", en)).toBeUndefined();
});

test.each<[string, boolean, BoardSource, number | undefined]>([
  ["an answer is good for a while", false, avinor, after(540)],
  ["an answer grows old before the server says so", true, avinor, after(541)],
  ["without a clock the server knows best", false, avinor, undefined],
  ["the server's word counts", true, { ...avinor, status: "late" }, after(1)],
  ["a failure keeps the last answer good", false, { ...avinor, status: "failing" }, after(540)],
  ["a failure and an old answer", true, { ...avinor, status: "failing" }, after(541)],
  ["a failure without a clock", true, { ...avinor, status: "failing" }, undefined],
  ["a failure before any answer", true, { ...silent, status: "failing" }, after(1)],
  ["no answer yet", false, silent, after(1)],
  ["an answer without an end", false, timeless, after(1_000_000)],
  ["a status of a later version", true, { ...timeless, status: "moved" as "late" }, after(1)],
])("%s: late is %s", (_, late, source, now) => {
  expect(isLate(source, now)).toBe(late);
});

test.each([
  [-5_000, 65_000],
  [0, 60_000],
  [59_999, 1],
  [125_000, 55_000],
  [530_000, 10_000],
  [539_500, 500],
  [540_000, 1],
  [545_000, 55_000],
])("%i ms after an answer, the next change is in %i", (age, wait) => {
  expect(untilNextChange(avinor, answered + age)).toBe(wait);
});

test("its text changes no earlier than that", () => {
  for (let age = -5_000; age < 900_000; age += 997) {
    const now = answered + age;
    const next = now + untilNextChange(avinor, now)!;
    const at = (time: number) => [ageText(avinor, time, "UTC", en), isLate(avinor, time)];
    expect(at(next - 1)).toEqual(at(now));
    expect(at(next)).not.toEqual(at(now));
  }
});
