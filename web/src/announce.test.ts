import { expect, test } from "vitest";
import { announcement, mergeChanges } from "./announce.ts";
import { shownChanges, type Change } from "./changes.ts";
import { en } from "./language/en.ts";
import { arrivals, rome, tokyo } from "./test-doubles.ts";
import { apply, changesBetween, keyOf, type Flight, unknownTimetable } from "flightboard-client";

function timetable(flights: Flight[]) {
  return apply(unknownTimetable, { name: "timetable", data: { board: arrivals, flights } });
}

function changes(before: Flight[], after: Flight[]): Change[] {
  return shownChanges(changesBetween(timetable(before), timetable(after)));
}

function announced(some: readonly Change[], followed = new Set<string>()): string {
  const cities = new Map([["NRT", "Tokyo"]]);
  return announcement(some, { board: arrivals, language: en, cities, followed });
}

test.each<[Flight[], Flight[], string]>([
  [[rome], [{ ...rome, state: "landing" }], "I768 from Rome: Landing"],
  [[rome], [{ ...rome, state: "Long break" }], "I768 from Rome: Long break"],
  [
    [rome],
    [{ ...rome, estimated: "10:40", gate: "B2" }],
    "I768 from Rome: expected 10:40, Gate B2",
  ],
  [
    [rome],
    [{ ...rome, checkIn: "4", remark: "Bring a coat" }],
    "I768 from Rome: Desk 4, Bring a coat",
  ],
  [[rome], [rome, { ...tokyo, origin: "NRT" }], "G119 from Tokyo added"],
  [[rome, tokyo], [rome], "G119 from Tokyo removed"],
  [[rome], [{ ...rome, aircraft: "A320" }], ""],
  [[{ ...rome, gate: "B2" }], [rome], ""],
])("%j to %j is %s", (before, after, text) => {
  expect(announced(changes(before, after))).toBe(text);
});

test("many changes are counted", () => {
  const flights = ["A1", "A2", "A3", "A4", "A5"].map((flight) => ({ flight }));
  expect(announced(changes([], flights))).toBe("A1 added. A2 added. A3 added. 2 more changes");
});

test("calls, gates and cancellations come first", () => {
  const flights = ["A1", "A2", "A3", "A4"].map((flight) => ({ flight }));
  const after: Flight[] = [
    { flight: "A1", estimated: "10:40" },
    { flight: "A2", gate: "4" },
    { flight: "A3", state: "Cancelled" },
    { flight: "A4", state: "final call" },
    { flight: "A5" },
  ];
  const some = changes(flights, after);
  expect(announced(some)).toBe("A2: Gate 4. A3: Cancelled. A4: Final call. 2 more changes");
  const followed = new Set([keyOf({ flight: "A5" })]);
  expect(announced(some, followed)).toBe("A5 added. A2: Gate 4. A3: Cancelled. 2 more changes");
});

test("a later change keeps the earlier news", () => {
  const gate = { ...rome, gate: "B2" };
  const late = { ...gate, estimated: "10:40" };
  const [first] = changes([rome], [gate]);
  const [second] = changes([gate], [late]);
  const [gone] = changes([late], []);
  const [added] = changes([], [gate]);
  const merged = mergeChanges(first, second!);
  expect(announced([merged])).toBe("I768 from Rome: Gate B2, expected 10:40");
  expect(announced([mergeChanges(merged, gone!)])).toBe("I768 from Rome removed");
  expect(announced([mergeChanges(added, second!)])).toBe("I768 from Rome added");
});
