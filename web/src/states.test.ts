import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { announcement } from "./announce.ts";
import { shownChanges } from "./changes.ts";
import { en } from "./language/en.ts";
import { knownState, stateNames, styleOf } from "./states.ts";
import { arrivals, rome } from "./test-doubles.ts";
import { lateness } from "./rows/times.ts";
import { apply, changesBetween, unknownTimetable } from "flightboard-client";

interface StateCase {
  text: string;
  state: string | null;
}

const cases = JSON.parse(
  readFileSync(new URL("../../crates/flight/tests/data/states.json", import.meta.url), "utf8"),
) as StateCase[];

/** The page with a row in this state. */
function withState(state: string) {
  const flights = [{ ...rome, state }];
  return apply(unknownTimetable, { name: "timetable", data: { board: arrivals, flights } });
}

describe("the server's golden states", () => {
  test.each(cases)("$text is known as $state", ({ text, state }) => {
    expect(knownState(text) ?? null).toBe(state);
    expect(styleOf(text)).toEqual(state === null ? undefined : styleOf(state));
  });
});

it.each(["cancelled", "CANCELLED", "Cancelled"])("hides the delay of a %s flight", (state) => {
  const late = { ...rome, estimated: "2026-11-22T12:10:00Z" };
  expect(lateness({ ...late, state }, arrivals)).toBeUndefined();
  expect(lateness({ ...late, state: "landing" }, arrivals)).toBe(120);
});

it("announces known states in one spelling", () => {
  const changes = shownChanges(changesBetween(withState(""), withState("GATE CLOSED")));
  const context = { board: arrivals, language: en, cities: new Map(), followed: new Set<string>() };
  expect(announcement(changes, context)).toBe("I768 from Rome: Gate closed");
});

it("ignores a change of letter case", () => {
  expect(shownChanges(changesBetween(withState("landed"), withState("LANDED")))).toEqual([]);
});

it("knows the documented states", () => {
  const protocol = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
  const list = /icon for the known states:([^.]*), and the empty text/.exec(protocol)?.[1] ?? "";
  const documented = [...list.matchAll(/`([^`]+)`/g)].map(([, state]) => state);
  expect(documented).toEqual(stateNames);
});
