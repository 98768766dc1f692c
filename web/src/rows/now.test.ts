import { expect, test } from "vitest";
import type { Flight } from "flightboard-client";
import { arrivals } from "../test-doubles.ts";
import { boardTime, RECORDING_AGE_MILLIS } from "./now.ts";
import { RowOrder } from "./order.ts";

const rows = (...flights: Flight[]) =>
  new RowOrder().of(new Map(flights.map((flight) => [flight.flight, flight])), arrivals);

const first = { flight: "A1", arrival: "2013-07-10T05:40:00Z" };
const second = { flight: "A2", arrival: "2013-07-10T06:00:00Z" };
const now = Date.parse("2026-11-22T14:00:00Z");

test("a recorded day has its own time", () => {
  expect(boardTime(rows(first, second), now)).toBe(Date.parse(first.arrival));
  const landed = { ...first, actual: "2013-07-10T05:50:00Z" };
  expect(boardTime(rows(landed, second), now)).toBe(Date.parse(landed.actual));
});

test("one row of these weeks ends a recording", () => {
  const recent = new Date(now - RECORDING_AGE_MILLIS + 1).toISOString();
  expect(boardTime(rows(first, { flight: "A3", arrival: recent }), now)).toBe(now);
});

test("rows without times leave the server's", () => {
  expect(boardTime(rows({ flight: "A3" }), now)).toBe(now);
  expect(boardTime([], now)).toBe(now);
});
