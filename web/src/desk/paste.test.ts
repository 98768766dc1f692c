import { describe, expect, test } from "vitest";
import { keyOf, type Board, type Flight } from "flightboard-client";
import { en as language } from "../language/en.ts";
import { en as texts } from "./language/en.ts";
import { readPaste } from "./paste.ts";

const board: Board = {
  name: "fco",
  title: "Departures",
  kind: "departures",
  timeZone: "Europe/Rome",
};
const now = Date.parse("2026-11-22T19:00:00+01:00");
const rows: Flight[] = [
  { flight: "BA117", date: "2026-11-22", departure: "2026-11-22T20:00:00+01:00", gate: "B4" },
  { flight: "LH 2", date: "2026-11-22", held: ["state"] },
  { flight: "LH 2", date: "2026-11-23" },
];
const byKey = new Map(rows.map((row) => [keyOf(row), row]));

const read = (text: string, isHeld = false) => {
  const paste = readPaste(text, byKey, isHeld, texts, { board, language, now });
  const say = (errors: readonly ((all: typeof texts) => string)[]) =>
    errors.map((one) => one(texts));
  return {
    errors: say(paste.errors),
    lines: paste.lines.map((line) => ({ ...line, errors: say(line.errors) })),
  };
};

describe("headings", () => {
  test("are words of people or names of fields", () => {
    const { errors, lines } = read("Flight no,ETD,Status,checkIn\nBA117,20:45,boarding,12");
    expect(errors).toEqual([]);
    expect(lines[0]?.update?.data).toMatchObject({
      flight: "BA117",
      date: "2026-11-22",
      estimated: "2026-11-22T20:45:00+01:00",
      state: "boarding",
      checkIn: "12",
    });
  });

  test("that are unknown are named", () => {
    expect(read("Flight,Pilot,Gate,Gate\nBA117,x,1,2").errors).toEqual([
      "“Pilot” is no field",
      "“Gate” is there twice",
    ]);
    expect(read("Gate\nB4").errors).toEqual(["The headings need a column Flight"]);
  });
});

test("an empty cell changes nothing", () => {
  const { lines } = read("flight\tgate\tremark\nba 117\t\tStrike, until noon");
  expect(lines[0]?.update).toEqual({
    event: "flightStateUpdate",
    data: { flight: "BA117", date: "2026-11-22", remark: "Strike, until noon" },
  });
});

test("a dash clears a field", () => {
  expect(read("flight,gate\nBA117,-").lines[0]).toMatchObject({
    effect: { kind: "change", text: "Gate cleared" },
    update: { data: { gate: null } },
  });
});

test("quoted cells contain the separator", () => {
  const { lines } = read('flight,remark\nBA117,"Late, sorry ""again"""');
  expect(lines[0]?.update?.data).toMatchObject({ remark: 'Late, sorry "again"' });
});

test("a new flight is an addition", () => {
  const { lines } = read("flight;date;std;to\nAZ9;2026-11-22;21:30;Rome", true);
  expect(lines[0]).toMatchObject({ line: 2, effect: { kind: "new" } });
  expect(lines[0]?.update).toEqual({
    event: "flightAddition",
    data: {
      flight: "AZ9",
      date: "2026-11-22",
      departure: "2026-11-22T21:30:00+01:00",
      destination: "Rome",
      held: ["flight"],
    },
  });
});

test("a lock joins those of the row", () => {
  const { lines } = read("flight,date,gate\nLH 2,2026-11-22,A1", true);
  expect(lines[0]?.update?.data).toMatchObject({ held: ["state", "gate"] });
});

test.each([
  ["BA117,,20:99,", "Estimated must be a time such as 20:45"],
  [`BA117,,,${"x".repeat(33)}`, "Gate must have at most 32 characters"],
  ["BA*9,,,", "Flight must be a flight number such as BA117"],
  [",,,B4", "Flight must be a flight number such as BA117"],
  ["AZ9,22.11.2026,,", "Date must be a date such as 2026-11-22"],
  ["LH 2,,,A1", "Date is needed, one of 2026-11-22, 2026-11-23"],
  ["BA117,,,B4,x", "has 5 cells, more than there are headings"],
])("the line %s is refused with its reason", (line, reason) => {
  const { lines } = read(`flight,date,estimated,gate\n${line}`);
  expect(lines[0]).toMatchObject({ line: 2, errors: [reason] });
  expect(lines[0]?.update).toBeUndefined();
});

test("a flight stands in one line", () => {
  const { lines } = read("flight,gate\nBA117,B5\n\nba117,B6");
  expect(lines.map(({ line, errors }) => [line, errors])).toEqual([
    [2, []],
    [4, ["Flight is the same flight as in line 2"]],
  ]);
});

test("a line without news is not sent", () => {
  expect(read("flight,gate\nBA117,B4").lines[0]).toMatchObject({ effect: { kind: "none" } });
});
