import { keyOf, type Flight } from "flightboard-client";
import { expect, test } from "vitest";
import type { SortedRow } from "../rows/order.ts";
import { SearchIndex, soldAs } from "./search.ts";

const cities = new Map([
  ["CGK", "Jakarta"],
  ["GRU", "São Paulo"],
  ["SIN", "Singapore"],
]);

const flights: Flight[] = [
  {
    flight: "CX 797",
    destination: "CGK",
    airline: "Cathay Pacific",
    codeshares: ["AA 8892", "QR 5811"],
  },
  { flight: "LA8070", destination: "GRU", via: ["SIN"], airline: "LATAM" },
  { flight: "SQ 889", destination: "SIN", airline: "Singapore Airlines" },
  { flight: "SQ 2", destination: "Nowhere" },
];

const rows: SortedRow[] = flights.map((flight) => {
  return { key: keyOf(flight), flight, instant: 0, overAt: 1 };
});

const index = new SearchIndex("departures", cities);

test.each([
  ["AA8892", ["CX 797"]],
  ["aa 8892", ["CX 797"]],
  ["8892", ["CX 797"]],
  ["889", ["CX 797", "SQ 889"]],
  ["sao paulo", ["LA8070"]],
  ["gru", ["LA8070"]],
  ["SINGAPORE", ["LA8070", "SQ 889"]],
  ["cathay", ["CX 797"]],
  ["nowhere", ["SQ 2"]],
  ["jakarta cathay", ["CX 797"]],
  ["singapore 889", ["SQ 889"]],
  // A part of one field and a part of the next one are no word.
  ["797aa", []],
  ["atlantis", []],
  ["", ["CX 797", "LA8070", "SQ 889", "SQ 2"]],
])("%j finds %j", (query, expected) => {
  expect(index.find(rows, query).map(({ flight }) => flight.flight)).toEqual(expected);
});

test("a changed row is searched anew", () => {
  const [first] = rows;
  const changed = [{ ...first!, flight: { ...first!.flight, codeshares: ["BA 1"] } }];
  expect(index.find(changed, "AA8892")).toEqual([]);
  expect(index.find(changed, "BA1")).toEqual(changed);
});

test.each([
  ["AA8892", "AA 8892"],
  ["aa", "AA 8892"],
  ["5811", "QR 5811"],
  ["jakarta qr5811", "QR 5811"],
  ["cx797", undefined],
  ["797", undefined],
  // Letters are the airline's code, which is at the start.
  ["a", "AA 8892"],
  ["r", undefined],
  ["", undefined],
])("found by %j, CX 797 is sold as %j", (query, number) => {
  expect(soldAs(flights[0]!, query)).toBe(number);
});
