import type { Board, Flight } from "flightboard-client";
import { expect, test } from "vitest";
import { en } from "../language/en.ts";
import { isPastDesk, litTile, plainStatus, statusOf } from "./status.ts";

const board: Board = {
  name: "hkg",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};
const at = (time: string) => `2026-01-15T${time}:00+08:00`;
const departure = (fields: Partial<Flight>): Flight => ({
  flight: "CX611",
  departure: at("20:10"),
  ...fields,
});

test.each<[Partial<Flight>, string, string]>([
  [{}, "On time", "quiet"],
  [{ state: "scheduled", estimated: at("20:12") }, "On time", "quiet"],
  [{ estimated: at("21:00") }, "50 min late", "late"],
  [{ estimated: at("22:15"), state: "expected" }, "2 h 5 min late", "late"],
  [{ estimated: at("20:00") }, "10 min early", "quiet"],
  [{ estimated: at("21:00"), state: "Delayed" }, "50 min late", "late"],
  [{ state: "DELAYED" }, "DELAYED", "late"],
  [{ estimated: at("21:00"), state: "boarding" }, "Boarding", "go"],
  [{ actual: at("20:05"), state: "Departed" }, "Departed 20:05", "done"],
  [{ actual: at("20:12"), state: "landed" }, "Landed 20:12", "info"],
  [{ state: "landed" }, "Landed", "info"],
  [{ actual: at("20:12"), state: "at gate" }, "At gate 20:12", "info"],
  [{ belt: "13", state: "baggage" }, "Bags on belt", "go"],
  [{ state: "baggage" }, "Baggage", "go"],
  [{ estimated: at("22:10"), state: "Cancelled" }, "Cancelled", "stop"],
  [{ estimated: at("22:10"), state: "waiting for the tide" }, "waiting for the tide", "quiet"],
])("%j reads %s", (fields, text, tone) => {
  const status = statusOf(departure(fields), board, false, en);
  expect([status.text, status.tone]).toEqual([text, tone]);
});

test("a due flight is not called on time", () => {
  expect(statusOf(departure({}), board, true, en).text).toBe("No news yet");
  expect(statusOf(departure({ state: "expected" }), board, true, en).text).toBe("Expected");
  expect(statusOf(departure({ actual: at("20:11") }), board, false, en).text).toBe("No news yet");
});

test("only a publisher's words are foreign", () => {
  expect(statusOf(departure({ state: "تأخير" }), board, false, en).isForeign).toBe(true);
  expect(statusOf(departure({ state: "Boarding" }), board, false, en).isForeign).toBeUndefined();
});

test("the plain state adds nothing", () => {
  expect(plainStatus(departure({ state: "LANDED", actual: at("20:12") }), en)?.text).toBe("Landed");
  expect(plainStatus(departure({ state: "" }), en)).toBeUndefined();
});

test.each([
  ["Gate Open", "gate", true],
  ["boarding", "gate", true],
  ["FINAL CALL", "gate", true],
  ["gate closed", undefined, true],
  ["baggage", "belt", false],
  ["landed", undefined, false],
  ["", undefined, false],
])("in state %s the tile %s lights up", (state, tile, isPast) => {
  expect(litTile(departure({ state }))).toBe(tile);
  expect(isPastDesk(departure({ state }))).toBe(isPast);
});
