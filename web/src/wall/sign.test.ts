import type { Board, Flight } from "flightboard-client";
import { keyOf, unknownTimetable } from "flightboard-client";
import { expect, test } from "vitest";
import type { FollowerState } from "../follower.ts";
import { kindOf, signRows, type Sign } from "./sign.ts";

const NOW = Date.parse("2026-01-15T12:18:00Z");

function followed(name: string, flights: Flight[]): FollowerState {
  const board: Board = { name, title: name, kind: "departures" };
  const rows = new Map(flights.map((flight) => [keyOf(flight), flight]));
  return {
    timetable: { ...unknownTimetable, board, flights: rows },
    connection: { status: "live" },
    clockOffset: 0,
    lastUpdate: undefined,
    changes: [],
    highlights: new Map(),
  };
}

function flight(number: string, minutes: number, fields: Partial<Flight>): Flight {
  const departure = new Date(NOW + minutes * 60_000).toISOString();
  return { flight: number, departure, ...fields };
}

test("a sign has the flights of all boards", () => {
  const sign: Sign = { field: "gate", value: "b4" };
  const boards = [
    followed("t1", [
      flight("A1", 90, { gate: "B4" }),
      flight("A2", 20, { gate: "B 4" }),
      flight("A3", 10, { gate: "B41" }),
      flight("A4", -30, { gate: "B4", state: "departed" }),
    ]),
    followed("t2", [flight("C1", 40, { gate: "b4" }), flight("C2", 50, {})]),
    { ...followed("t3", []), timetable: unknownTimetable },
  ];
  const rows = signRows(boards, sign, NOW, new Map());
  expect(rows.map(({ row }) => row.flight.flight)).toEqual(["A2", "C1", "A1"]);
  expect(rows.map(({ board }) => board.name)).toEqual(["t1", "t2", "t1"]);
});

test("gates are for departures, belts for arrivals", () => {
  expect(kindOf({ field: "gate", value: "1" })).toBe("departures");
  expect(kindOf({ field: "belt", value: "1" })).toBe("arrivals");
});
