import type { Board, Flight } from "flightboard-client";
import { describe, expect, test } from "vitest";
import { isMissed, missedKeys } from "./missed.ts";
import { RowOrder, splitRows } from "./order.ts";

const NOW = Date.parse("2026-01-15T12:18:00Z");
const board: Board = {
  name: "out",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

/** A departure, in minutes from now. */
function flight(minutes: number, state: string, fields: Partial<Flight> = {}): Flight {
  const departure = new Date(NOW + minutes * 60_000).toISOString();
  return { flight: `CX${minutes + 500}`, departure, state, ...fields };
}

function rowsOf(flights: readonly Flight[], of: Board = board) {
  return new RowOrder().of(new Map(flights.map((one) => [one.flight, one])), of);
}

describe("isMissed", () => {
  const check = (one: Flight, expected: boolean, of = board) =>
    expect(isMissed(rowsOf([one], of)[0]!, of, NOW)).toBe(expected);

  test("closed gates and departed flights are missed", () => {
    check(flight(-5, "Gate Closed"), true);
    check(flight(10, "gate closed"), true);
    check(flight(-5, "departed"), true);
    check(flight(-40, "boarding"), false);
    check(flight(5, "final call"), false);
    check(flight(-5, ""), false);
    check(flight(-5, "", { actual: new Date(NOW).toISOString() }), true);
  });

  test("a cancellation is news until its time", () => {
    check(flight(5, "cancelled"), false);
    check(flight(-5, "cancelled"), true);
  });

  test("arrivals are never missed", () => {
    const arrivals: Board = { ...board, kind: "arrivals" };
    check(flight(-5, "departed"), false, arrivals);
  });
});

test("a list opens at catchable flights", () => {
  // An evening of an airport: closed gates whose time has not passed long ago, between late flights that board.
  const evening = [
    flight(-20, "gate closed"),
    flight(-8, "gate closed"),
    flight(-6, "departed"),
    flight(-5, "boarding"),
    flight(-3, "gate closed"),
    flight(2, "gate closed"),
    flight(4, "final call"),
    ...[7, 12, 17, 22, 27, 32, 37].map((minutes) => flight(minutes, "gate open")),
  ];
  const rows = rowsOf(evening);
  const missed = missedKeys(rows, board, NOW);
  const { earlier, current } = splitRows(rows, NOW, ({ key }) => missed.has(key));
  expect(current.slice(0, 3).map(({ flight }) => flight.state)).toEqual([
    "boarding",
    "final call",
    "gate open",
  ]);
  expect(current.some((row) => isMissed(row, board, NOW))).toBe(false);
  // No row is lost.
  expect(earlier.length + current.length).toBe(evening.length);
});
