import { expect, test } from "vitest";
import { en } from "../language/en.ts";
import { groupByHour, hourTitle } from "./hours.ts";
import type { SortedRow } from "./order.ts";

const ZONE = "Asia/Hong_Kong";

function rowAt(time: string): SortedRow {
  const instant = time === "" ? Infinity : Date.parse(time);
  return { key: time, flight: { flight: time }, instant, overAt: Infinity };
}

function titles(times: string[], now: string, zone = ZONE): string[] {
  const groups = groupByHour(times.map(rowAt), zone);
  return groups.map(
    (group) => `${hourTitle(group, Date.parse(now), zone, en)} (${group.rows.length})`,
  );
}

test("hours are named by the board's day", () => {
  const times = [
    "2026-01-14T23:40:00+08:00",
    "2026-01-15T20:10:00+08:00",
    "2026-01-15T20:59:59+08:00",
    "2026-01-15T21:00:00+08:00",
    "2026-01-16T00:05:00+08:00",
    "2026-01-17T06:00:00+08:00",
    "",
  ];
  expect(titles(times, "2026-01-15T20:18:00+08:00")).toEqual([
    "Yesterday, Wed 14 Jan · 23:00 (1)",
    "Today · 20:00 (2)",
    "Today · 21:00 (1)",
    "Tomorrow, Fri 16 Jan · 00:00 (1)",
    "Sat 17 Jan · 06:00 (1)",
    "No time (1)",
  ]);
});

test("a repeated hour is one group", () => {
  // Oslo sets its clock back at 03:00 to 02:00.
  const times = ["2026-10-25T00:50:00Z", "2026-10-25T01:10:00Z"];
  expect(titles(times, "2026-10-25T00:00:00Z", "Europe/Oslo")).toEqual(["Today · 02:00 (2)"]);
});

test("half-hour zones have whole hours", () => {
  const times = ["2026-01-15T18:20:00Z", "2026-01-15T18:40:00Z"];
  const zone = "Asia/Kolkata";
  expect(titles(times, "2026-01-15T18:00:00Z", zone)).toEqual([
    "Today · 23:00 (1)",
    "Tomorrow, Fri 16 Jan · 00:00 (1)",
  ]);
});
