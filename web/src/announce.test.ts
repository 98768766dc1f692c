import { expect, test } from "vitest";
import { announcement } from "./announce.ts";
import { shownChanges } from "./changes.ts";
import { en } from "./language/en.ts";
import { arrivals, rome, tokyo } from "./test-doubles.ts";
import { apply, changesBetween, type Flight, unknownTimetable } from "flightboard-client";

function timetable(flights: Flight[]) {
  return apply(unknownTimetable, { name: "timetable", data: { board: arrivals, flights } });
}

function announced(before: Flight[], after: Flight[]): string {
  return announcement(
    shownChanges(changesBetween(timetable(before), timetable(after))),
    arrivals,
    en,
  );
}

test.each<[Flight[], Flight[], string]>([
  [[rome], [{ ...rome, state: "landing" }], "I768 landing"],
  [[rome], [{ ...rome, estimated: "10:40", gate: "B2" }], "I768 expected 10:40, gate B2"],
  [[rome], [rome, tokyo], "G119 Tokyo added"],
  [[rome, tokyo], [rome], "G119 removed"],
  [[rome], [{ ...rome, aircraft: "A320" }], ""],
  [[{ ...rome, gate: "B2" }], [rome], ""],
])("%j to %j is %s", (before, after, text) => {
  expect(announced(before, after)).toBe(text);
});

test("many changes are counted", () => {
  const flights = ["A1", "A2", "A3", "A4", "A5"].map((flight) => ({ flight }));
  expect(announced([], flights)).toBe("A1 added. A2 added. A3 added. 2 more changes");
});
