import { expect, test } from "vitest";
import { qualifiersOf } from "./labels.ts";
import { arrivals } from "./test-doubles.ts";

function qualifiers(boards: { name: string; title: string; airport?: string }[]) {
  const listed = boards.map((board) => ({ ...arrivals, ...board, closed: false }));
  return Object.fromEntries(qualifiersOf(listed));
}

test("titles of their own need no qualifier", () => {
  const boards = [
    { name: "a", title: "Arrivals", airport: "FCO" },
    { name: "b", title: "Departures", airport: "FCO" },
  ];
  expect(qualifiers(boards)).toEqual({});
});

test("airports tell equal titles apart", () => {
  const boards = [
    { name: "a", title: "Arrivals", airport: "FCO" },
    { name: "b", title: "Arrivals", airport: "JFK" },
    { name: "c", title: "Departures" },
  ];
  expect(qualifiers(boards)).toEqual({ a: "FCO", b: "JFK" });
});

test.each([
  ["the same airport", "Arrivals", "FCO", "FCO"],
  ["airports that look alike", "Arrivals", "FCO", "fco "],
  ["no airports", "Arrivals", undefined, undefined],
  ["letter case", "ARRIVALS", undefined, undefined],
  ["spaces", " Arrivals ", undefined, undefined],
  ["invisible characters", "Arri\u200bvals\u200f", undefined, undefined],
  ["full width", "Ａrrivals", undefined, undefined],
])("names tell equal titles apart with %s", (_, title, one, other) => {
  const boards = [
    { name: "a", title: "Arrivals", airport: one },
    { name: "b", title, airport: other },
  ];
  expect(qualifiers(boards as { name: string; title: string }[])).toEqual({ a: "a", b: "b" });
});

test("one airport is enough for two", () => {
  const boards = [
    { name: "a", title: "Arrivals", airport: "FCO" },
    { name: "b", title: "Arrivals" },
  ];
  expect(qualifiers(boards)).toEqual({ a: "FCO", b: "b" });
});
