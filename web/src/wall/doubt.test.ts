import type { BoardSource, ConnectionState } from "flightboard-client";
import { expect, test } from "vitest";
import { doubtSince, needsNotice, NOTICE_AFTER_MILLIS } from "./doubt.ts";

const OPENED = 1_000;
const ANSWERED = Date.parse("2026-01-15T12:00:00Z");

const late: BoardSource = {
  name: "HKIA",
  attribution: "HKIA",
  status: "late",
  lastAnswer: "2026-01-15T12:00:00Z",
};
const { lastAnswer: _, ...silent } = late;

test.each<[ConnectionState, BoardSource | undefined, number | undefined]>([
  [{ status: "live" }, undefined, undefined],
  [{ status: "live" }, late, ANSWERED],
  [{ status: "live" }, silent, OPENED],
  [{ status: "connecting" }, undefined, OPENED],
  [{ status: "absent" }, undefined, OPENED],
  [{ status: "stale", since: 5_000 }, undefined, 5_000],
  [{ status: "reconnecting", since: ANSWERED + 1 }, late, ANSWERED],
  [{ status: "reconnecting", since: 7_000 }, late, 7_000],
  [{ status: "closed" }, late, undefined],
  [{ status: "denied", hadRows: true }, undefined, undefined],
])("the doubt of %j with the source %j began at %s", (connection, source, expected) => {
  expect(doubtSince(connection, source, undefined, OPENED)).toBe(expected);
});

test("an overdue update is a doubt", () => {
  expect(doubtSince({ status: "live" }, undefined, 4_000, OPENED)).toBe(4_000);
  expect(doubtSince({ status: "stale", since: 3_000 }, late, 4_000, OPENED)).toBe(3_000);
});

test("half an hour of doubt needs a notice", () => {
  expect(needsNotice(undefined, NOTICE_AFTER_MILLIS)).toBe(false);
  expect(needsNotice(0, NOTICE_AFTER_MILLIS - 1)).toBe(false);
  expect(needsNotice(0, NOTICE_AFTER_MILLIS)).toBe(true);
});
