import { expect, test } from "vitest";
import { passes } from "./filter.ts";
import { readSettings } from "./settings.ts";

function read(query: string) {
  const warnings: string[] = [];
  return { ...readSettings(query, ["xx", "en-US"], (warning) => warnings.push(warning)), warnings };
}

const usual = {
  rows: undefined,
  pages: 4,
  turnMillis: 12_000,
  theme: "dark",
  airport: undefined,
  warnings: [],
};

test("a wall without parameters has the usual settings", () => {
  expect(read("")).toMatchObject(usual);
  expect(read("").languages.map(({ tag }) => tag)).toEqual(["en"]);
});

test("parameters are read", () => {
  const query = "?rows=7&pages=2&turn=20s&theme=auto&lang=en-GB&airport=hkg";
  expect(read(query)).toMatchObject({
    rows: 7,
    pages: 2,
    turnMillis: 20_000,
    theme: "auto",
    airport: "HKG",
    warnings: [],
  });
  expect(read("?turn=20").turnMillis).toBe(20_000);
});

test.each([
  "rows=0",
  "rows=1e9",
  "rows=eleven",
  "rows=",
  "pages=-1",
  "pages=1.5",
  "turn=1h",
  "turn=s",
  "turn=2",
  "theme=pink",
  "lang=en,tlh",
  "lang=",
  "airport=Hong Kong",
])("%s falls back with a warning", (query) => {
  const { warnings, ...settings } = read(`?${query}`);
  expect({ ...settings, warnings: [] }).toMatchObject(usual);
  expect(settings.languages.map(({ tag }) => tag)).toEqual(["en"]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(query);
});

test.each([
  ["", true],
  ["?terminal=t1,T2", true],
  ["?terminal=T2", false],
  ["?gate=b 4", true],
  ["?gate=B5", false],
  ["?airline=Cathay%20Pacific", true],
  ["?airline=BA&airline=cx", true],
  ["?airline=C", false],
  ["?airline=CPA", false],
  ["?airline=CX&terminal=T2", false],
  ["?terminal=", true],
])("the filter %j lets the flight pass: %s", (query, expected) => {
  const flight = { flight: "CX 797", airline: "Cathay Pacific", terminal: "T1", gate: "B4" };
  expect(passes(flight, read(query).filter)).toBe(expected);
});
