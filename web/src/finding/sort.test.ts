import { keyOf, type Board, type Flight } from "flightboard-client";
import { expect, test } from "vitest";
import { en } from "../language/en.ts";
import { hourTitle } from "../rows/hours.ts";
import { RowOrder } from "../rows/order.ts";
import type { SortName } from "./filters.ts";
import { groupByInitial } from "./sort.ts";

const board: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

const flights: Flight[] = [
  { flight: "CX 10", destination: "ZRH", departure: "2026-01-15T20:00:00+08:00" },
  { flight: "CX 9", destination: "Zadar", departure: "2026-01-15T21:00:00+08:00" },
  { flight: "BA 2", destination: "Århus", departure: "2026-01-15T22:00:00+08:00" },
  { flight: "AY 3", destination: "Amman", departure: "2026-01-16T00:10:00+08:00" },
  { flight: "CX 1" },
];

function groups(sort: SortName): string[] {
  const rows = new RowOrder().of(new Map(flights.map((one) => [keyOf(one), one])), board);
  const now = Date.parse("2026-01-15T12:18:00Z");
  const cities = new Map([["ZRH", "Zürich"]]);
  return groupByInitial(rows, sort, board, cities).map((group) => {
    const numbers = group.rows.map(({ flight }) => flight.flight);
    return `${hourTitle(group, now, "Asia/Hong_Kong", en)}: ${numbers.join()}`;
  });
}

test("rows are sorted by place within their day", () => {
  expect(groups("place")).toEqual([
    "Today · A: BA 2",
    "Today · Z: CX 9,CX 10",
    "Tomorrow, Fri 16 Jan · A: AY 3",
    "No time: CX 1",
  ]);
});

test("rows are sorted by flight within their day", () => {
  expect(groups("flight")).toEqual([
    "Today · BA: BA 2",
    "Today · CX: CX 9,CX 10",
    "Tomorrow, Fri 16 Jan · AY: AY 3",
    "No time: CX 1",
  ]);
});
