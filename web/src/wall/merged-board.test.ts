import {
  keyOf,
  unknownTimetable,
  type Board,
  type BoardSource,
  type Flight,
} from "flightboard-client";
import { expect, test } from "vitest";
import type { Change } from "../changes.ts";
import type { FollowerState } from "../follower.ts";
import { BoardMerger } from "./merged-board.ts";

function followed(board: Partial<Board>, flights: Flight[]): FollowerState {
  const rows = new Map(flights.map((flight) => [keyOf(flight), flight]));
  return {
    timetable: {
      ...unknownTimetable,
      board: { name: "t1", title: "Terminal 1", kind: "departures", airport: "HKG", ...board },
      flights: rows,
    },
    connection: { status: "live" },
    clockOffset: 0,
    lastUpdate: undefined,
    changes: [],
    highlights: new Map(),
  };
}

function withSource(state: FollowerState, source: Partial<BoardSource>): FollowerState {
  const whole = { name: "Airport", attribution: "Airport", status: "current", ...source } as const;
  return { ...state, timetable: { ...state.timetable, source: whole } };
}

const numbersOf = (merged: { timetable: { flights: ReadonlyMap<string, Flight> } }) =>
  [...merged.timetable.flights.values()].map(({ flight }) => flight).sort();

test("a flight on two boards is one row", () => {
  const merged = new BoardMerger().of([
    followed({ name: "t1" }, [{ flight: "A1", gate: "1" }, { flight: "A2" }]),
    followed({ name: "t2" }, [{ flight: "A1", gate: "9" }, { flight: "B3" }]),
  ]);
  expect(numbersOf(merged)).toEqual(["A1", "A2", "B3"]);
  expect(merged.timetable.flights.get(keyOf({ flight: "A1" }))?.gate).toBe("1");
});

test("one board alone stays as it is", () => {
  const one = followed({ columns: ["time", "flight"], overAfter: { departed: "1m" } }, []);
  expect(new BoardMerger().of([one]).timetable.board).toEqual(one.timetable.board);
});

test("settings that differ are the default ones", () => {
  const columns = ["time", "flight"];
  const { board } = new BoardMerger().of([
    followed({ name: "t1", columns, overAfter: { departed: "1m" } }, []),
    followed({ name: "t2", columns, notice: "Ask at desk 4" }, []),
  ]).timetable;
  expect(board).toMatchObject({ columns, notice: "Ask at desk 4", airport: "HKG" });
  expect(board).not.toHaveProperty("overAfter");
});

test("all attributions are shown, with the oldest answer", () => {
  const { source } = new BoardMerger().of([
    withSource(followed({ name: "t1" }, []), { lastAnswer: "2026-01-15T12:10:00Z" }),
    withSource(followed({ name: "t2" }, []), {
      attribution: "Data by the city",
      lastAnswer: "2026-01-15T12:00:00Z",
    }),
  ]).timetable;
  expect(source).toMatchObject({
    name: "Airport",
    attribution: "Airport, Data by the city",
    lastAnswer: "2026-01-15T12:00:00Z",
  });
});

test("nothing is another object until a board changes", () => {
  const merger = new BoardMerger();
  const states = [followed({ name: "t1" }, []), followed({ name: "t2" }, [])];
  const first = merger.of(states);
  expect(merger.of([...states])).toBe(first);
  const change: Change = {
    kind: "changed",
    key: "",
    flight: { flight: "A1" },
    fields: new Set(),
  };
  const changed = { ...states[1]!, changes: [change] };
  const second = merger.of([states[0]!, changed]);
  expect(second.changes).toEqual([change]);
  expect(second.timetable.board).toBe(first.timetable.board);
  // The change of the second board was told.
  const third = merger.of([{ ...states[0]! }, changed]);
  expect(third.changes).toEqual([]);
});

test("kept rows have the oldest time", () => {
  const states = [1_000, 500].map((keptAt) => ({ ...followed({}, []), keptAt }));
  expect(new BoardMerger().of([...states, followed({}, [])]).keptAt).toBe(500);
});
