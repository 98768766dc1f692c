import fc from "fast-check";
import { expect, test } from "vitest";
import { type Flight, keyOf } from "flightboard-client";
import { MIN_SPLIT_ROWS, RowOrder, splitRows } from "./order.ts";
import { arrivals } from "../test-doubles.ts";

function rows(flights: Flight[]): Map<string, Flight> {
  return new Map(flights.map((flight) => [keyOf(flight), flight]));
}

function numbers(flights: Flight[], order = new RowOrder()): string[] {
  return order.of(rows(flights), arrivals).map(({ flight }) => flight.flight);
}

const early = { flight: "B2", arrival: "2026-11-22T10:10:00Z" };
const late = { flight: "A1", arrival: "2026-11-22T10:35:00Z" };
const same = { flight: "A3", arrival: "2026-11-22T10:10:00Z" };
const timeless = { flight: "A0" };

test("time precedes number", () => {
  expect(numbers([timeless, late, early, same])).toEqual(["A3", "B2", "A1", "A0"]);
});

test("the expected time counts", () => {
  const delayed = { ...early, flight: "A9", estimated: "2026-11-22T10:40:00Z" };
  const landed = { ...late, flight: "A8", actual: "2026-11-22T10:09:00Z" };
  expect(numbers([delayed, late, early, landed])).toEqual(["A8", "B2", "A1", "A9"]);
});

test("rows that are over are earlier", () => {
  const times = Array.from({ length: MIN_SPLIT_ROWS }, (_, index) => `${10 + index}`);
  const flights = times.map((hour) => ({ flight: hour, arrival: `2026-11-22T${hour}:00:00Z` }));
  const sorted = new RowOrder().of(rows(flights), arrivals);
  const split = (some: typeof sorted, time: string) => {
    const { earlier, current } = splitRows(some, Date.parse(`2026-11-22T${time}:00Z`));
    return [earlier.length, current.length];
  };
  expect(split(sorted, "12:29")).toEqual([2, MIN_SPLIT_ROWS - 2]);
  expect(split(sorted, "12:30")).toEqual([3, MIN_SPLIT_ROWS - 3]);
  // A short board and one on which nothing is left show all of their rows.
  expect(split(sorted.slice(1), "12:30")).toEqual([0, MIN_SPLIT_ROWS - 1]);
  expect(split(sorted, "23:59")).toEqual([0, MIN_SPLIT_ROWS]);
});

test("another delay moves the boundary", () => {
  const order = new RowOrder();
  const flights = rows([{ ...early, state: "landed" }]);
  const [first] = order.of(flights, arrivals);
  const [second] = order.of(flights, { ...arrivals, overAfter: { landed: "1h" } });
  expect(second!.overAt - first!.overAt).toBe(30 * 60_000);
});

test("date follows the number", () => {
  const dates = ["2026-11-23", "2026-11-22", undefined];
  const flights = dates.map((date) => ({ ...early, ...(date && { date }) }));
  const sorted = new RowOrder().of(rows(flights), arrivals).map(({ flight }) => flight.date);
  expect(sorted).toEqual([undefined, "2026-11-22", "2026-11-23"]);
});

test("leg follows the date", () => {
  const flights = ["23:55", "00:25"].map((leg) => ({ ...early, date: "2026-11-22", leg }));
  const sorted = new RowOrder().of(rows(flights), arrivals).map(({ flight }) => flight.leg);
  expect(sorted).toEqual(["00:25", "23:55"]);
});

test("unchanged rows keep their array", () => {
  const order = new RowOrder();
  const first = order.of(rows([early, late]), arrivals);
  expect(order.of(rows([late, early]), arrivals)).toBe(first);
  expect(order.of(rows([early]), arrivals)).not.toBe(first);
});

test("another sort gives the same order", () => {
  const flight = fc.record({
    flight: fc.constantFrom("A1", "A2", "A3", "B1"),
    date: fc.constantFrom("2026-11-22", "2026-11-23"),
    arrival: fc.constantFrom("2026-11-22T10:10:00Z", "2026-11-22T10:35:00Z"),
  });
  const board = fc.array(flight, { maxLength: 12 });
  const property = fc.property(fc.array(board, { maxLength: 5 }), (boards) => {
    const order = new RowOrder();
    for (const flights of boards) {
      expect(order.of(rows(flights), arrivals)).toEqual(new RowOrder().of(rows(flights), arrivals));
    }
  });
  fc.assert(property);
});
