import { keyOf, type Board, type Flight } from "flightboard-client";
import { expect, test } from "vitest";
import { RowOrder } from "../rows/order.ts";
import {
  filtersOf,
  findRows,
  isNarrowed,
  noFilters,
  withFilters,
  type Filters,
} from "./filters.ts";
import { optionsOf } from "./options.ts";
import { SearchIndex } from "./search.ts";

const board: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

const now = Date.parse("2026-01-15T20:18:00+08:00");

function flight(number: string, departure: string, fields: Partial<Flight> = {}): Flight {
  return { flight: number, departure: `2026-01-${departure}:00+08:00`, ...fields };
}

const flights = [
  flight("CX 1", "15T18:00", { state: "Departed", airline: "Cathay Pacific", terminal: "1" }),
  flight("CX 2", "15T19:00", {
    estimated: "2026-01-15T20:50:00+08:00",
    airline: "Cathay Pacific",
    terminal: "1",
  }),
  flight("UO 3", "15T20:40", { state: "boarding", airline: "HK Express", terminal: "T2" }),
  flight("UO 4", "15T22:00", { state: "Cancelled", airline: "HK Express", terminal: "T2" }),
  flight("KA 5", "15T23:30", { state: "Waiting for the tide" }),
  flight("CX 6", "16T00:05", { airline: "Cathay Pacific", terminal: "1" }),
];

const rows = new RowOrder().of(new Map(flights.map((one) => [keyOf(one), one])), board);
const index = new SearchIndex(board.kind, new Map());

const found = (filters: Partial<Filters>) =>
  findRows(rows, { ...noFilters, ...filters }, { board, now, index }).map(
    ({ flight }) => flight.flight,
  );

test.each<[Partial<Filters>, string[]]>([
  [{ time: "now" }, ["UO 3"]],
  [{ time: "2h" }, ["UO 3", "CX 2", "UO 4"]],
  [{ time: "today" }, ["CX 1", "UO 3", "CX 2", "UO 4", "KA 5"]],
  [{ time: "tomorrow" }, ["CX 6"]],
  [{ airline: "HK Express" }, ["UO 3", "UO 4"]],
  [{ airline: "ka" }, ["KA 5"]],
  [{ terminal: "t2" }, ["UO 3", "UO 4"]],
  [{ state: "boarding" }, ["UO 3"]],
  [{ state: "waiting for the tide" }, ["KA 5"]],
  [{ state: "disrupted" }, ["CX 2", "UO 4"]],
  [{ q: "uo", state: "cancelled" }, ["UO 4"]],
  [{ q: "cx", terminal: "T2" }, []],
])("%j leaves %j", (filters, expected) => {
  expect(found(filters)).toEqual(expected);
});

test("without filters nothing is copied", () => {
  expect(findRows(rows, noFilters, { board, now, index })).toBe(rows);
});

test("a board offers what tells its rows apart", () => {
  expect(optionsOf(rows, board, now)).toEqual({
    times: ["now", "2h", "today", "tomorrow"],
    airlines: ["Cathay Pacific", "HK Express"],
    terminals: ["1", "T2"],
    states: ["boarding", "cancelled", "departed", "disrupted", "waiting for the tide"],
  });
  const [first] = rows;
  const few = { times: ["now", "2h"], airlines: [], terminals: [], states: [] };
  expect(optionsOf([first!], board, now)).toEqual(few);
});

test.each<[string, Partial<Filters>]>([
  ["", {}],
  ["?q=S%C3%A3o+Paulo&terminal=1", { q: "São Paulo", terminal: "1" }],
  ["?time=2h&sort=place", { time: "2h", sort: "place" }],
])("%j is kept in the URL", (search, filters) => {
  expect(filtersOf(search)).toEqual({ ...noFilters, ...filters });
  const url = withFilters("http://here/boards/hk?q=old&date=2026-01-15", filtersOf(search));
  expect(filtersOf(new URL(url).search)).toEqual(filtersOf(search));
  expect(new URL(url).searchParams.get("date")).toBe("2026-01-15");
});

test("other texts in the URL are no filters", () => {
  expect(filtersOf("?time=noon&sort=colour&x=1")).toEqual(noFilters);
  expect(filtersOf(`?q=${"x".repeat(1_000)}`).q).toHaveLength(100);
  expect(isNarrowed({ ...noFilters, sort: "place" })).toBe(false);
  expect(isNarrowed({ ...noFilters, state: "landed" })).toBe(true);
});
