import type { Board, Flight } from "flightboard-client";
import { expect, test } from "vitest";
import { en } from "../language/en.ts";
import { arrivals } from "../test-doubles.ts";
import { columnsOf, terminalsDiffer } from "./columns.ts";

const departures: Board = { ...arrivals, kind: "departures" };

function shown(board: Board, flights: Flight[] = []): string[] {
  return columnsOf(board, flights, en).map(({ heading, slot }) => `${heading}: ${slot}`);
}

test("a traveller's columns are the usual ones", () => {
  const flight = { flight: "CX611", gate: "67", belt: "3", terminal: "T1", checkIn: "B" };
  expect(shown(departures, [flight])).toEqual([
    "Time: time",
    "To: place",
    "Flight: flight",
    "Desk: more",
    "Gate: tile",
    "Belt: more",
    "Status: status",
  ]);
  expect(shown(arrivals, [flight]).slice(1)).toEqual([
    "From: place",
    "Flight: flight",
    "Gate: more",
    "Belt: tile",
    "Desk: more",
    "Status: status",
  ]);
});

test("unused columns are left out", () => {
  const bare = ["Time: time", "From: place", "Flight: flight", "Status: status"];
  expect(shown(arrivals, [{ flight: "CX611", gate: "" }])).toEqual(bare);
  expect(shown(arrivals, [{ flight: "CX611", gate: "4" }])[3]).toBe("Gate: tile");
  expect(shown(arrivals, [{ flight: "CX611", terminal: "T1" }])[3]).toBe("Terminal: more");
});

test("the board chooses columns and order", () => {
  const columns = ["origin", "flight", "arrival", "state", "colour"];
  expect(shown({ ...arrivals, columns })).toEqual([
    "Origin: place",
    "Flight: flight",
    "Arrival: time",
    "State: status",
  ]);
  expect(shown({ ...departures, columns: ["origin", "departure", "estimated"] })).toEqual([
    "Origin: more",
    "Departure: time",
    "Estimated: more",
  ]);
  expect(shown({ ...arrivals, columns: ["colour"] })).toHaveLength(4);
});

test("terminals count where rows differ", () => {
  const flights = ["T1", undefined, "T1"].map((terminal) => ({
    flight: "CX611",
    ...(terminal && { terminal }),
  }));
  expect(terminalsDiffer(flights)).toBe(false);
  expect(terminalsDiffer([...flights, { flight: "CX1", terminal: "T2" }])).toBe(true);
});
