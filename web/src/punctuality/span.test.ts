import { describe, expect, test } from "vitest";
import { areCountable, choiceOf, daysOf, spanOf, urlWith, type Choice } from "./span.ts";

const NOW = Date.parse("2026-11-22T23:30:00Z");

test.each<[Choice, string, [first: string, last: string]]>([
  [{ period: "today" }, "UTC", ["2026-11-22", "2026-11-22"]],
  [{ period: "today" }, "Asia/Tokyo", ["2026-11-23", "2026-11-23"]],
  [{ period: "yesterday" }, "Asia/Tokyo", ["2026-11-22", "2026-11-22"]],
  [{ period: "week" }, "UTC", ["2026-11-16", "2026-11-22"]],
  [{ period: "own" }, "UTC", ["2026-11-22", "2026-11-22"]],
  [
    { period: "own", days: { first: "2026-01-01", last: "2026-01-03" } },
    "UTC",
    ["2026-01-01", "2026-01-03"],
  ],
])("%j in %s has its days", (choice, zone, [first, last]) => {
  expect(daysOf(choice, NOW, zone)).toEqual({ first, last });
});

test.each<[Choice, string]>([
  [{ period: "today" }, ""],
  [{ period: "yesterday" }, "?days=yesterday"],
  [{ period: "week" }, "?days=week"],
  [
    { period: "own", days: { first: "2026-01-01", last: "2026-01-03" } },
    "?first=2026-01-01&last=2026-01-03",
  ],
])("%j is in the URL", (choice, search) => {
  expect(choiceOf(search)).toEqual(choice);
  const old = "http://localhost/boards/main/punctuality?days=week&first=1&lang=de&last=2";
  const { searchParams } = urlWith(old, choice);
  expect(searchParams.get("lang")).toBe("de");
  searchParams.delete("lang");
  expect(searchParams.toString()).toBe(search.slice(1));
});

test.each(["?days=never", "?days=own", "?first=2026-01-01", "?first=2026-01-01&last=2026-1-3"])(
  "%s is today",
  (search) => {
    expect(choiceOf(search)).toEqual({ period: "today" });
  },
);

describe("days begin at midnight", () => {
  test.each([
    ["2026-11-22", "UTC", "2026-11-22T00:00Z", 24],
    ["2026-11-22", "Asia/Kolkata", "2026-11-21T18:30Z", 24],
    ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00Z", 23],
    ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00Z", 25],
    // The clock is set forward at midnight: the day begins at one o'clock.
    ["2026-09-06", "America/Santiago", "2026-09-06T04:00Z", 23],
    // It is set back at midnight, so that 23:00 comes twice.
    ["2026-04-04", "America/Santiago", "2026-04-04T03:00Z", 25],
    ["2026-04-05", "America/Santiago", "2026-04-05T04:00Z", 24],
  ])("%s in %s", (day, zone, from, hours) => {
    const span = spanOf({ first: day, last: day }, zone);
    expect(span.from).toBe(Date.parse(from));
    expect((span.to - span.from) / 3_600_000).toBe(hours);
  });
});

test.each([
  ["2026-01-01", "2026-01-01", true],
  ["2026-01-01", "2026-01-31", true],
  ["2026-01-01", "2026-02-01", false],
  ["2026-01-02", "2026-01-01", false],
])("%s to %s count: %s", (first, last, expected) => {
  expect(areCountable({ first, last })).toBe(expected);
});
