import { expect, test } from "vitest";
import type { Board, Flight } from "flightboard-client";
import { parseTime, rfc3339 } from "./typed-time.ts";

const rome: Board = {
  name: "fco",
  title: "Departures",
  kind: "departures",
  timeZone: "Europe/Rome",
};
const flight: Flight = {
  flight: "AZ1",
  date: "2026-11-22",
  departure: "2026-11-22T20:00:00+01:00",
};
const now = Date.parse("2026-11-22T19:00:00+01:00");

const read = (typed: string, row: Flight = flight, field: "estimated" | "actual" = "estimated") => {
  const time = parseTime(typed, field, row, { board: rome, now });
  return "text" in time ? time.text : time.reason;
};

test.each([
  ["20:45", "2026-11-22T20:45:00+01:00"],
  ["2045", "2026-11-22T20:45:00+01:00"],
  ["20.45", "2026-11-22T20:45:00+01:00"],
  ["20h45", "2026-11-22T20:45:00+01:00"],
  ["930", "2026-11-23T09:30:00+01:00"],
  ["9:30", "2026-11-23T09:30:00+01:00"],
  ["+25", "2026-11-22T20:25:00+01:00"],
  ["-10 min", "2026-11-22T19:50:00+01:00"],
  ["2026-11-24 06:10", "2026-11-24T06:10:00+01:00"],
  ["2026-11-24T06:10:00Z", "2026-11-24T07:10:00+01:00"],
])("%s is %s", (typed, expected) => {
  expect(read(typed)).toBe(expected);
});

test.each([
  "",
  "9",
  "24:00",
  "20:60",
  "12345",
  "7pm",
  "soon",
  "20:45 +",
  "+25 h",
  "2026-13-01 06:10",
])("%s is no time", (typed) => {
  expect(read(typed)).toBe("time");
});

test("a time after midnight is tomorrow", () => {
  expect(read("00:15")).toBe("2026-11-23T00:15:00+01:00");
  expect(read("1659")).toBe("2026-11-23T16:59:00+01:00");
  expect(read("17:00")).toBe("2026-11-22T17:00:00+01:00");
});

test("a delay past midnight is tomorrow, whenever typed", () => {
  const late: Flight = { ...flight, departure: "2026-11-22T23:50:00+01:00" };
  for (const clock of ["23:50", "23:59", "00:00", "00:20"]) {
    const now = Date.parse(`2026-11-2${clock < "12" ? 3 : 2}T${clock}:00+01:00`);
    const time = (field: "estimated" | "actual", typed: string) =>
      parseTime(typed, field, late, { board: rome, now });
    const tomorrow = { text: "2026-11-23T00:30:00+01:00" };
    expect(time("estimated", "0030")).toMatchObject(tomorrow);
    expect(time("estimated", "+40")).toMatchObject(tomorrow);
    expect(time("actual", "0030")).toMatchObject(tomorrow);
  }
});

test("times are on the clock of the board", () => {
  const read = (timeZone: string, departure: string, typed: string) =>
    parseTime(
      typed,
      "estimated",
      { flight: "NH1", departure },
      { board: { ...rome, timeZone }, now },
    );
  // The day differs from that of UTC.
  const tokyo = read("Asia/Tokyo", "2026-11-22T23:50:00Z", "930");
  expect(tokyo).toMatchObject({ text: "2026-11-23T09:30:00+09:00" });
  const newYork = read("America/New_York", "2026-11-23T04:10:00Z", "2330");
  expect(newYork).toMatchObject({ text: "2026-11-22T23:30:00-05:00" });
});

test("a day can be typed", () => {
  expect(read("20:45 +1")).toBe("2026-11-23T20:45:00+01:00");
  expect(read("2045+2")).toBe("2026-11-24T20:45:00+01:00");
  expect(read("20:45 −1")).toBe("2026-11-21T20:45:00+01:00");
});

test("an actual time is not in the future", () => {
  expect(read("19:30", flight, "actual")).toBe("2026-11-22T19:30:00+01:00");
  expect(read("22:30", flight, "actual")).toBe("2026-11-21T22:30:00+01:00");
  expect(read("2026-11-22 20:01", flight, "actual")).toBe("future");
});

test("minutes count from a schedule only", () => {
  expect(read("+25", { flight: "AZ1" })).toBe("noSchedule");
  const scheduled = parseTime("+25", "departure", flight, { board: rome, now });
  expect(scheduled).toEqual({ reason: "noSchedule" });
});

test("a new schedule stays near the old one", () => {
  const at = (typed: string, row: Flight) => {
    const time = parseTime(typed, "departure", row, { board: rome, now });
    return "text" in time && time.text;
  };
  expect(at("23:30", flight)).toBe("2026-11-22T23:30:00+01:00");
  expect(at("06:00", { flight: "AZ1", departure: flight.departure! })).toBe(
    "2026-11-22T06:00:00+01:00".replace("22T06", "23T06"),
  );
  expect(at("06:00", { flight: "AZ1", date: "2026-11-30" })).toBe("2026-11-30T06:00:00+01:00");
});

test("a clock that is set forward skips times", () => {
  const march: Flight = { flight: "AZ1", departure: "2026-03-29T01:30:00+01:00" };
  const time = (typed: string) => parseTime(typed, "estimated", march, { board: rome, now });
  expect(time("02:30")).toEqual({ reason: "skipped" });
  expect(time("03:30")).toMatchObject({ text: "2026-03-29T03:30:00+02:00" });
});

test("the first of two equal times counts", () => {
  const october: Flight = { flight: "AZ1", departure: "2026-10-25T01:30:00+02:00" };
  const time = parseTime("02:30", "estimated", october, { board: rome, now });
  expect(time).toMatchObject({ text: "2026-10-25T02:30:00+02:00" });
});

test("the night in which the clock changes", () => {
  const at = (departure: string, typed: string) => {
    const row: Flight = { flight: "AZ1", date: departure.slice(0, 10), departure };
    const time = parseTime(typed, "estimated", row, { board: rome, now });
    return "text" in time ? time.text : time.reason;
  };
  // The night of autumn has the hour from 02:00 twice.
  expect(at("2026-10-24T23:50:00+02:00", "0330")).toBe("2026-10-25T03:30:00+01:00");
  expect(at("2026-10-25T02:50:00+02:00", "+25")).toBe("2026-10-25T02:15:00+01:00");
  expect(at("2026-10-24T23:50:00+02:00", "03:30 +1")).toBe("2026-10-25T03:30:00+01:00");
  // That of spring does not have it.
  expect(at("2026-03-28T23:50:00+01:00", "0330")).toBe("2026-03-29T03:30:00+02:00");
  expect(at("2026-03-29T01:50:00+01:00", "+25")).toBe("2026-03-29T03:15:00+02:00");
  expect(at("2026-03-28T23:50:00+01:00", "02:30 +1")).toBe("skipped");
});

test("zones west of Greenwich have a minus", () => {
  const instant = Date.parse("2026-11-22T12:00:00Z");
  expect(rfc3339(instant, "America/St_Johns")).toBe("2026-11-22T08:30:00-03:30");
  expect(rfc3339(instant, "UTC")).toBe("2026-11-22T12:00:00+00:00");
});
