import type { Board, Flight } from "flightboard-client";
import { expect, test } from "vitest";
import { overAt } from "./over.ts";

const MINUTE = 60_000;
const at = (time: string) => `2026-01-15T${time}:00+08:00`;
const late = { departure: at("20:00"), estimated: at("20:30") };

/** Minutes after 20:00 from which the row is over. */
function over(fields: Partial<Flight>, overAfter?: Board["overAfter"]): number {
  const board = { kind: "departures" as const, ...(overAfter && { overAfter }) };
  const row = { flight: "CX611", departure: at("20:00"), ...fields };
  return (overAt(row, board) - Date.parse(at("20:00"))) / MINUTE;
}

test.each<[Partial<Flight>, number]>([
  [{ state: "departed", actual: at("20:07") }, 12],
  [{ state: "Departed" }, 5],
  [{ state: "gate closed" }, 10],
  [{ ...late, state: "Gate Closed" }, 10],
  [{ state: "baggage", actual: at("20:05") }, 25],
  [{ ...late, state: "Cancelled" }, 30],
  [{ ...late, state: "diverted" }, 30],
  [{ state: "landed", actual: at("20:05") }, 35],
  [{ state: "at gate", actual: at("20:05") }, 35],
  [{ state: "" }, 30],
  [{ ...late, state: "scheduled" }, 60],
  [{ state: "final call" }, 360],
  [{ state: "Delayed" }, 360],
])("%j is over %s minutes after schedule", (fields, minutes) => {
  expect(over(fields)).toBe(minutes);
});

test("the board sets its own delays", () => {
  const overAfter = { departed: "1h 30m", "gate closed": "never", cancelled: "soon" };
  expect(over({ state: "departed" }, overAfter)).toBe(90);
  expect(over({ state: "gate closed" }, overAfter)).toBe(Infinity);
  expect(over({ state: "cancelled" }, overAfter)).toBe(30);
  expect(over({ state: "landed" }, overAfter)).toBe(30);
});

test("a row without a time is never over", () => {
  expect(overAt({ flight: "CX611", state: "departed" }, { kind: "departures" })).toBe(Infinity);
});
