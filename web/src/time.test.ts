import { describe, expect, test } from "vitest";
import { firstDayOf, clockTime, dayOffset, delay, delayMinutes, scheduledInstant } from "./time.ts";
import type { Board, Flight } from "./flight.ts";

const oslo: Board = { name: "osl", title: "Oslo", kind: "arrivals", timeZone: "Europe/Oslo" };
const jfk: Board = {
  name: "jfk",
  title: "JFK",
  kind: "departures",
  timeZone: "America/New_York",
};

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

describe("the day offset", () => {
  test.each<[string, Flight, string, Board, number]>([
    [
      "arrives after midnight",
      { flight: "A", date: "2026-11-22" },
      "2026-11-22T23:30:00Z",
      oslo,
      1,
    ],
    ["same day", { flight: "A", date: "2026-11-22" }, "2026-11-22T22:30:00Z", oslo, 0],
    [
      "early, the day before",
      { flight: "A", date: "2026-11-22" },
      "2026-11-21T22:30:00Z",
      oslo,
      -1,
    ],
    [
      "delayed past midnight, no date",
      { flight: "A", departure: "2013-07-10T22:00:00-04:00" },
      "2013-07-11T00:05:00-04:00",
      jfk,
      1,
    ],
    ["delayed past midnight, local times", { flight: "A", arrival: "23:50" }, "00:20", oslo, 1],
    ["early before midnight, local times", { flight: "A", arrival: "00:05" }, "23:50", oslo, -1],
    ["scheduled, local time", { flight: "A", arrival: "23:50" }, "23:50", oslo, 0],
    ["unreadable", { flight: "A", arrival: "soon" }, "23:50", oslo, 0],
  ])("%s", (_, flight, time, board, days) => {
    expect(dayOffset(flight, time, board)).toBe(days);
  });
});

describe("minutes behind schedule", () => {
  test.each<[string, Flight, number | undefined]>([
    ["estimated", { flight: "A", arrival: "10:10", estimated: "10:25" }, 15],
    ["early", { flight: "A", arrival: "10:10", estimated: "10:05" }, -5],
    ["over midnight", { flight: "A", arrival: "23:50", estimated: "00:20" }, 30],
    ["actual wins", { flight: "A", arrival: "10:10", estimated: "11:10", actual: "10:12" }, 2],
    [
      "over a day",
      { flight: "A", arrival: "2026-11-22T10:00:00Z", estimated: "2026-11-23T11:00:00Z" },
      25 * 60,
    ],
    ["mixed", { flight: "A", arrival: "2026-11-22T10:00:00Z", estimated: "11:20" }, 20],
    ["no estimate", { flight: "A", arrival: "10:10" }, undefined],
    ["no schedule", { flight: "A", estimated: "10:10" }, undefined],
  ])("%s", (_, flight, minutes) => {
    expect(delayMinutes(flight, oslo)).toBe(minutes);
  });

  test("count as a delay from 15", () => {
    const late = { flight: "A", arrival: "10:00", estimated: "10:15", state: "landing" };
    expect(delay(late, oslo)).toBe(15);
    expect(delay({ ...late, estimated: "10:14" }, oslo)).toBeUndefined();
  });

  test("are ignored for cancelled flights", () => {
    const flight = { flight: "A", arrival: "10:00", estimated: "11:00", state: "cancelled" };
    expect(delay(flight, oslo)).toBeUndefined();
  });
});

describe("the order", () => {
  function order(flights: Flight[], board: Board): string[] {
    const firstDay = firstDayOf(flights, board);
    const at = (flight: Flight) => scheduledInstant(flight, board, firstDay) ?? Infinity;
    return [...flights].sort((a, b) => at(a) - at(b)).map(({ flight }) => flight);
  }

  test("uses the local clock", () => {
    const flights = ["10:35", "00:30", "08:15"].map((arrival) => ({ flight: arrival, arrival }));
    expect(order(flights, oslo)).toEqual(["00:30", "08:15", "10:35"]);
  });

  test("uses instants, not text", () => {
    const flights: Flight[] = [
      { flight: "after midnight", departure: "2013-07-11T00:30:00-04:00" },
      { flight: "evening", departure: "2013-07-11T01:00:00Z" },
      { flight: "noon", departure: "2013-07-10T12:00:00-04:00" },
    ];
    expect(order(flights, jfk)).toEqual(["noon", "evening", "after midnight"]);
  });

  test("combines both time formats", () => {
    const flights: Flight[] = [
      { flight: "13:00", date: "2013-07-10", departure: "2013-07-10T13:00:00-04:00" },
      { flight: "no time" },
      { flight: "12:30 of the first day", departure: "12:30" },
      { flight: "12:00 the day after", date: "2013-07-11", departure: "12:00" },
      { flight: "12:00", date: "2013-07-10", departure: "2013-07-10T16:00:00Z" },
    ];
    expect(order(flights, jfk)).toEqual([
      "12:00",
      "12:30 of the first day",
      "13:00",
      "12:00 the day after",
      "no time",
    ]);
  });

  test("respects clock changes", () => {
    const at = (departure: string, date: string) =>
      scheduledInstant({ flight: "A", date, departure }, jfk, date);
    expect(at("01:30", "2013-03-10")).toBe(Date.parse("2013-03-10T01:30:00-05:00"));
    expect(at("03:30", "2013-03-10")).toBe(Date.parse("2013-03-10T03:30:00-04:00"));
    expect(at("03:30", "2013-11-03")).toBe(Date.parse("2013-11-03T03:30:00-05:00"));
  });
});
