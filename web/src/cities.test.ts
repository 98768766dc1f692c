import { expect, test } from "vitest";
import { hasCodes } from "./cities.ts";
import { arrivals, rome } from "./test-doubles.ts";
import type { Board, Flight } from "flightboard-client";

test.each<[boolean, string, Board, Flight]>([
  [false, "names in plain text", arrivals, { ...rome, via: ["Milan"] }],
  [false, "a code at the board's own end", arrivals, { ...rome, destination: "LHR" }],
  [true, "a code at the other end", arrivals, { ...rome, origin: "FCO" }],
  [true, "a code on the way", arrivals, { ...rome, via: ["MXP"] }],
  [true, "a code of the board's airport", { ...arrivals, airport: "LHR" }, rome],
])("%s: %s", (wanted, _, board, flight) => {
  expect(hasCodes(board, [flight])).toBe(wanted);
});
