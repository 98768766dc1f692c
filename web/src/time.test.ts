import { timesOf } from "./rows/times.ts";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  clockTime,
  dayAndTime,
  dayOffset,
  instantOf,
  parseDuration,
  secondAndDay,
  zoneLabel,
} from "./time.ts";
import { en } from "./language/en.ts";
import { type Board, type Flight, scheduledField, type TimeField } from "flightboard-client";

const oslo: Board = { name: "osl", title: "Oslo", kind: "arrivals", timeZone: "Europe/Oslo" };
const jfk: Board = {
  name: "jfk",
  title: "JFK",
  kind: "departures",
  timeZone: "America/New_York",
};

interface TimeCase {
  text: string;
  normal?: string;
  clock?: string;
}

const times = JSON.parse(
  readFileSync(new URL("../../crates/flight/tests/data/times.json", import.meta.url), "utf8"),
) as TimeCase[];

describe("the server's normal form", () => {
  test.each(times.filter((time) => time.normal !== undefined))("$text", ({ normal, clock }) => {
    expect(clockTime(normal ?? "", "UTC")).toBe(clock);
  });
});

interface Step {
  event: string;
  data: Partial<Record<keyof Flight, string | null>>;
}

interface DayCase {
  name: string;
  board: Partial<Board>;
  steps: Step[];
  instants: Partial<Record<TimeField, string>>;
  delay?: number;
  days?: Partial<Record<TimeField, number>>;
}

/** Of the news about a flight, even if it no longer matters. */
function minutesBehind(flight: Flight, board: Board): number | undefined {
  const { scheduled, expected } = timesOf({ ...flight, state: "" }, board);
  const hasNews = [flight.actual, flight.estimated].some((time) => time !== undefined);
  if (scheduled === undefined || expected === undefined || !hasNews) return undefined;
  return Math.round((expected - scheduled) / 60_000);
}

interface OrderCase {
  name: string;
  board: Partial<Board>;
  rows: Flight[];
  instants: Record<string, string>;
  order: string[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../crates/flight/tests/data/days.json", import.meta.url), "utf8"),
) as { rows: DayCase[]; orders: OrderCase[] };

describe("the server's golden days", () => {
  test("exist", () => expect(golden.rows.length).toBeGreaterThan(0));

  test.each(golden.rows)("$name", ({ board, steps, instants, delay, days = {} }) => {
    const boards = steps.filter(({ event }) => event === "boardUpdate").map(({ data }) => data);
    const shown = { ...oslo, ...board, ...boards.at(-1) } as Board;
    const changes = steps.filter(({ event }) => event !== "boardUpdate").map(({ data }) => data);
    const sent = Object.entries(instants).map(([field, at]) => [`${field}Instant`, at]);
    const fields = { ...Object.assign({}, ...changes), ...Object.fromEntries(sent) };
    const set = Object.entries(fields).filter(([, value]) => value !== null);
    const flight = Object.fromEntries(set) as unknown as Flight;
    expect(minutesBehind(flight, shown)).toBe(delay);
    for (const [field, at] of Object.entries(instants)) {
      expect(instantOf(flight, field as TimeField), field).toBe(Date.parse(at));
    }
    for (const [field, count] of Object.entries(days)) {
      expect(dayOffset(flight, field as TimeField, shown), field).toBe(count);
    }
  });

  test.each(golden.orders)("order: $name", ({ board, rows, instants, order }) => {
    const scheduled = scheduledField(board.kind ?? "arrivals");
    const at = (flight: Flight) => instantOf(flight, scheduled) ?? Infinity;
    const placed = rows.map((row) => ({ ...row, [`${scheduled}Instant`]: instants[row.flight] }));
    const sorted = placed.sort((one, other) => at(one) - at(other));
    expect(sorted.map(({ flight }) => flight)).toEqual(order);
  });
});

describe("the time shown", () => {
  test.each([
    ["10:10", "Europe/Oslo", "10:10"],
    ["2026-11-22T23:30:00Z", "Europe/Oslo", "00:30"],
    ["2026-07-22T22:30:00Z", "Europe/Oslo", "00:30"],
    ["2013-07-10T05:40:00-04:00", "America/New_York", "05:40"],
    ["2013-07-10T05:40:00-04:00", "Asia/Tokyo", "18:40"],
    ["2026-11-22T00:00:00.000Z", "UTC", "00:00"],
    ["2026-11-22T10:10:00", "Europe/Oslo", "2026-11-22T10:10:00"],
    ["soon", "UTC", "soon"],
    ["2026-11-22T10:10:00Z", "Mars/Olympus", "10:10"],
  ])("%s in %s is %s", (time, zone, shown) => {
    expect(clockTime(time, zone)).toBe(shown);
  });
});

test.each([
  ["5m", 300],
  ["1h 30m", 5_400],
  ["1d12h", 129_600],
  ["90s", 90],
  ["never", Infinity],
  ["soon", undefined],
  ["", undefined],
])("%s lasts %s seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds && seconds * 1_000);
});

describe("the day offset", () => {
  test.each<[string, Flight, number]>([
    [
      "arrives after midnight",
      { flight: "A", date: "2026-11-22", arrival: "2026-11-22T23:30:00Z" },
      1,
    ],
    ["same day", { flight: "A", date: "2026-11-22", arrival: "2026-11-22T22:30:00Z" }, 0],
    [
      "early, the day before",
      { flight: "A", date: "2026-11-22", arrival: "2026-11-21T22:30:00Z" },
      -1,
    ],
    ["no date", { flight: "A", arrival: "2026-11-22T23:30:00Z" }, 0],
    ["unreadable", { flight: "A", date: "2026-11-22", arrival: "soon" }, 0],
    ["no instant", { flight: "A", date: "2026-11-22", arrival: "23:50" }, 0],
  ])("%s", (_, flight, days) => {
    expect(dayOffset(flight, "arrival", oslo)).toBe(days);
  });

  test("counts from the scheduled day", () => {
    const flight = {
      flight: "A",
      departure: "2013-07-10T22:00:00-04:00",
      estimated: "2013-07-11T00:05:00-04:00",
    };
    expect(dayOffset(flight, "estimated", jfk)).toBe(1);
  });
});

test.each([
  ["Etc/GMT+6", "UTC−6"],
  ["Etc/GMT-14", "UTC+14"],
  ["Etc/GMT", "UTC"],
  ["Etc/GMT-0", "UTC"],
  ["UTC", "UTC"],
  ["America/New_York", "America/New York"],
])("%s is called %s", (zone, label) => {
  expect(zoneLabel(zone)).toBe(label);
});

test.each([
  ["2026-11-22T23:05:59Z", "23 Nov, 00:05"],
  ["2026-05-01T04:00:00Z", "1 May, 06:00"],
])("%s in Oslo is %s", (time, text) => {
  expect(dayAndTime(Date.parse(time), "Europe/Oslo", en)).toBe(text);
});

test("a day follows the second", () => {
  const instant = Date.parse("2026-11-22T23:05:59Z");
  expect(secondAndDay(instant, "Europe/Oslo", en)).toBe("00:05:59, 23 Nov");
});
