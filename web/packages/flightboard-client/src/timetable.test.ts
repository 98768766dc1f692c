import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readEvent, type BoardEvent } from "./events.ts";
import { arrivals, avinor, rome, tokyo } from "./test-doubles.ts";
import { keyOf, type BoardSource, type Flight } from "./flight.ts";
import { apply, fits, unknownTimetable, type Timetable } from "./timetable.ts";

interface Fold {
  name: string;
  steps: { gives?: { event: BoardEvent["name"]; data: unknown } }[];
  rows: Flight[];
  source?: BoardSource;
  closed?: boolean;
}

const folds = JSON.parse(
  readFileSync(new URL("../../../../crates/flight/tests/data/folds.json", import.meta.url), "utf8"),
) as Fold[];

/** As the events come over the wire: as text. */
function received(event: BoardEvent["name"], data: unknown): BoardEvent {
  const read = readEvent(event, JSON.stringify(data));
  if (read === undefined || read.name === "heartbeat") throw new Error(`unreadable: ${event}`);
  return read;
}

function byKey(flights: Iterable<Flight>): Record<string, Flight> {
  return Object.fromEntries([...flights].map((flight) => [keyOf(flight), flight]));
}

describe("the server's golden folds", () => {
  test("exist", () => expect(folds.length).toBeGreaterThan(0));

  test.each(folds)("$name", ({ steps, rows, source, closed }) => {
    const events = steps.flatMap(({ gives }) => gives ?? []);
    const timetable = events
      .map(({ event, data }) => received(event, data))
      .reduce((timetable, event) => apply(timetable, event), unknownTimetable);
    expect(byKey(timetable.flights.values())).toStrictEqual(byKey(rows));
    expect(timetable.flights.size).toBe(rows.length);
    expect(timetable.source).toStrictEqual(source ?? null);
    expect(timetable.closed !== null).toBe(closed ?? false);
  });
});

describe("a timetable", () => {
  const full = apply(unknownTimetable, {
    name: "timetable",
    data: { board: arrivals, flights: [rome, tokyo] },
  });

  test("replaces all rows", () => {
    const next = apply(full, { name: "timetable", data: { board: arrivals, flights: [tokyo] } });
    expect([...next.flights.values()]).toEqual([tokyo]);
  });

  test("is immutable", () => {
    const next = apply(full, {
      name: "flightStateUpdate",
      data: { flight: "I768", state: "landing" },
    });
    expect(full.flights.get(keyOf(rome))).toEqual(rome);
    expect(next.flights.get(keyOf(rome))).toEqual({ ...rome, state: "landing" });
    expect(next.flights.get(keyOf(tokyo))).toBe(tokyo);
  });

  test.each<BoardEvent>([
    { name: "flightStateUpdate", data: { flight: "X1", state: "landing" } },
    { name: "flightRemoval", data: { flight: "I768", date: "2026-11-22" } },
  ])("stays itself when $name is of a row it does not have", (event) => {
    expect(apply(full, event)).toBe(full);
  });

  test("clears fields patched with null", () => {
    const patch = { flight: "I768", state: null, gate: "B2" };
    const next = apply(full, { name: "flightStateUpdate", data: patch });
    const { state: _, ...rest } = rome;
    expect(next.flights.get(keyOf(rome))).toStrictEqual({ ...rest, gate: "B2" });
  });

  test("changes only the row of the leg", () => {
    const legs = ["00:25", "23:55"].map((leg) => ({ flight: "ET645", date: "2026-01-15", leg }));
    const event = { name: "timetable" as const, data: { board: arrivals, flights: legs } };
    const [morning, night] = legs;
    const patch = { ...night!, state: "landed" };
    const next = apply(apply(full, event), { name: "flightStateUpdate", data: patch });
    expect([...next.flights.values()]).toEqual([morning, patch]);
    const { leg: _, ...withoutLeg } = patch;
    expect(fits(next, { name: "flightRemoval", data: withoutLeg })).toBe(false);
  });

  test("keeps its source until another comes", () => {
    const start = { board: { ...arrivals, source: avinor }, flights: [rome] };
    const sourced = apply(unknownTimetable, { name: "timetable", data: start });
    expect(sourced).toMatchObject({ board: arrivals, source: avinor });
    expect(sourced.board).not.toHaveProperty("source");
    const renamed = apply(sourced, { name: "boardUpdate", data: { ...arrivals, title: "A" } });
    expect(renamed.source).toBe(avinor);
    const late = { ...avinor, status: "late" as const };
    const next = apply(renamed, { name: "sourceUpdate", data: late });
    expect(next).toEqual({ ...renamed, source: late });
    expect(next.board).toBe(renamed.board);
    expect(apply(next, { name: "sourceUpdate", data: null }).source).toBeNull();
  });

  test("keeps rows on new settings", () => {
    const board = { ...arrivals, title: "Arrivals, hall B" };
    const next: Timetable = apply(full, { name: "boardUpdate", data: board });
    expect(next.board).toEqual(board);
    expect(next.flights).toBe(full.flights);
  });
});

describe("reading an event", () => {
  test.each([
    ["timetable", "{"],
    ["timetable", '{"board":{}}'],
    ["timetable", '{"board":null,"flights":[]}'],
    ["boardUpdate", '{"name":"main","flights":{}}'],
    ["flightAddition", "null"],
    ["timetable", '{"board":{"source":{}},"flights":[]}'],
    ["sourceUpdate", '{"name":"Avinor","status":"current"}'],
    ["flightRemoval", '{"date":"2026-11-22"}'],
    ["heartbeat", "{}"],
  ] as const)("refuses %s with %s", (name, text) => {
    expect(readEvent(name, text)).toBeUndefined();
  });

  test("accepts the end of a source", () => {
    expect(readEvent("sourceUpdate", "null")).toEqual({ name: "sourceUpdate", data: null });
  });
});
