import type { Board, Flight } from "flightboard-client";
import { keyOf } from "flightboard-client";
import { expect, test } from "vitest";
import type { Change } from "../changes.ts";
import { RowOrder } from "../rows/order.ts";
import { hasCall } from "./calls.ts";
import { pagesOf, pageSpan } from "./pages.ts";

const NOW = Date.parse("2026-01-15T12:18:00Z");

const departures: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

function at(minutes: number): string {
  return new Date(NOW + minutes * 60_000).toISOString();
}

function flight(minutes: number, fields: Partial<Flight> = {}): Flight {
  return { flight: `CX${500 + minutes}`, departure: at(minutes), ...fields };
}

function rowsOf(flights: Flight[], board = departures) {
  return new RowOrder().of(new Map(flights.map((it) => [keyOf(it), it])), board);
}

function pages(flights: Flight[], size: number, maxPages = 4, board = departures) {
  const found = pagesOf(rowsOf(flights, board), board, NOW, size, maxPages);
  return found.map((page) => page.map(({ flight }) => flight.flight));
}

test("the first page has the soonest flights", () => {
  const flights = [40, 10, 30, 20, 50].map((minutes) => flight(minutes));
  expect(pages(flights, 2)).toEqual([["CX510", "CX520"], ["CX530", "CX540"], ["CX550"]]);
});

test("there are no more pages than allowed", () => {
  const flights = Array.from({ length: 50 }, (_, index) => flight(index));
  expect(pages(flights, 5, 3).map(({ length }) => length)).toEqual([5, 5, 5]);
  expect(pages(flights, 5, 1)).toHaveLength(1);
});

test("rows that are over are on no page", () => {
  const left = flight(-20, { state: "departed", actual: at(-6) });
  const cancelled = flight(-31, { state: "Cancelled" });
  expect(pages([left, cancelled, flight(5)], 3)).toEqual([["CX505"]]);
  expect(pages([left], 3)).toEqual([]);
});

test("missed flights begin the second page", () => {
  const flights = [
    flight(-8, { state: "Final call" }),
    flight(-8.5, { state: "Gate closed" }),
    flight(-7, { state: "departed", actual: at(-1) }),
    flight(-2, { state: "cancelled" }),
    flight(6, { state: "cancelled" }),
    flight(9),
  ];
  expect(pages(flights, 2)).toEqual([
    ["CX492", "CX506"],
    ["CX491.5", "CX498"],
    ["CX493", "CX509"],
  ]);
});

test("a closed gate is no matter for arrivals", () => {
  const arrivals: Board = { ...departures, kind: "arrivals" };
  const landed = { flight: "CX1", arrival: at(-5), actual: at(-4), state: "landed" };
  const later = { flight: "CX2", arrival: at(20) };
  expect(pages([later, landed], 1, 4, arrivals)).toEqual([["CX1"], ["CX2"]]);
});

test("a page tells the times of its rows", () => {
  const [page = []] = pagesOf(rowsOf([flight(42), flight(67)]), departures, NOW, 5, 4);
  expect(pageSpan(page, departures)).toBe("21:00–21:25");
  expect(pageSpan(page.slice(0, 1), departures)).toBe("21:00");
  const untimed = rowsOf([{ flight: "X1" }]);
  expect(pageSpan(untimed, departures)).toBeUndefined();
});

test.each<[string, Partial<Flight>, Change["kind"], (keyof Flight)[], boolean]>([
  ["boarding", { state: "Boarding" }, "changed", ["state"], true],
  ["final call", { state: "final call" }, "changed", ["state"], true],
  ["another gate while boarding", { state: "boarding", gate: "9" }, "changed", ["gate"], true],
  ["a remark while boarding", { state: "boarding" }, "changed", ["remark"], false],
  ["another gate before the call", { gate: "9" }, "changed", ["gate"], false],
  ["departed", { state: "departed" }, "changed", ["state"], false],
  ["a new row", { state: "boarding" }, "added", [], false],
])("%s is a call", (_, fields, kind, changed, expected) => {
  const row = flight(10, fields);
  const change: Change = { kind, key: keyOf(row), flight: row, fields: new Set(changed) };
  const page = rowsOf([row]);
  expect(hasCall([change], page)).toBe(expected);
  expect(hasCall([change], rowsOf([flight(11)]))).toBe(false);
});
