import { expect, test } from "vitest";
import type { Flight } from "flightboard-client";
import { countdown, isDue, lateness, timesOf } from "./times.ts";

const board = { kind: "departures" } as const;
const at = (time: string) => `2026-01-15T${time}:00+08:00`;
const departure = (fields: Partial<Flight>): Flight => ({
  flight: "CX611",
  departure: at("20:10"),
  ...fields,
});
const instant = (time: string) => Date.parse(at(time));

test.each<[string, Partial<Flight>, string | undefined, string]>([
  ["no news", {}, undefined, "20:10"],
  ["an estimate", { estimated: at("20:40") }, "20:40", "20:40"],
  ["an early estimate", { estimated: at("20:00") }, "20:00", "20:00"],
  ["an actual time", { estimated: at("20:40"), actual: at("20:45") }, "20:45", "20:45"],
  ["the same minute", { estimated: "2026-01-15T20:10:40+08:00" }, undefined, "20:10"],
  ["a cancellation", { estimated: at("22:00"), state: "Cancelled" }, undefined, "20:10"],
])("%s gives the times of a row", (_, fields, revised, expected) => {
  const times = timesOf(departure(fields), board);
  expect(times.scheduled).toBe(instant("20:10"));
  expect(times.revised).toBe(revised && instant(revised));
  expect(Math.floor(times.expected! / 60_000) * 60_000).toBe(instant(expected));
});

test("an estimate alone is a time", () => {
  const { scheduled, revised, expected } = timesOf(
    { flight: "CX611", estimated: at("20:40") },
    board,
  );
  expect([scheduled, revised, expected]).toEqual([undefined, instant("20:40"), instant("20:40")]);
});

test.each<[Partial<Flight>, number | undefined]>([
  [{ estimated: at("20:25") }, 15],
  [{ estimated: at("20:24") }, undefined],
  [{ estimated: at("20:00") }, -10],
  [{ estimated: at("20:01") }, undefined],
  [{ estimated: at("21:40"), state: "boarding" }, 90],
  [{ estimated: at("21:40"), state: "DEPARTED" }, undefined],
  [{ estimated: at("21:40"), state: "Landed" }, undefined],
  [{ estimated: at("21:40"), state: "Cancelled" }, undefined],
  [{ actual: at("21:40") }, undefined],
])("%j is %s minutes late", (fields, minutes) => {
  expect(lateness(departure(fields), board)).toBe(minutes);
});

test.each<[string, Partial<Flight>, number | undefined]>([
  ["19:48:30", {}, 22],
  ["20:10:59", {}, 0],
  ["20:11:00", {}, undefined],
  ["19:09:59", {}, undefined],
  ["20:18:00", { estimated: at("20:40") }, 22],
  ["19:48:00", { state: "departed" }, undefined],
])("at %s %j moves in %s minutes", (now, fields, minutes) => {
  const flight = departure(fields);
  expect(countdown(flight, board, Date.parse(`2026-01-15T${now}+08:00`))).toBe(minutes);
});

test("a flight is due after its minute", () => {
  expect(isDue(departure({}), board, instant("20:10"))).toBe(false);
  expect(isDue(departure({}), board, instant("20:11"))).toBe(true);
  expect(isDue({ flight: "CX611" }, board, 0)).toBe(true);
});
