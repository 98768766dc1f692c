import { keyOf, type Flight, type FlightKey } from "flightboard-client";
import { expect, test } from "vitest";
import { rowsOfFlight } from "./rows-of-flight.ts";

const flights: Flight[] = [
  { flight: "CX 797", date: "2026-01-15", codeshares: ["AA 8892"] },
  { flight: "CX 797", date: "2026-01-16", codeshares: ["AA 8892"] },
  { flight: "I768" },
  { flight: "I 768", date: "2026-01-16" },
];
const rows = flights.map((flight) => ({ key: keyOf(flight), flight, instant: 0, overAt: 1 }));

test.each<[FlightKey, number[]]>([
  [{ flight: "cx797" }, [0, 1]],
  [{ flight: "CX797", date: "2026-01-16" }, [1]],
  [{ flight: "AA8892", date: "2026-01-15" }, [0]],
  [{ flight: "CX 797", date: "2026-01-17" }, []],
  [{ flight: "CX 797", date: "2026-01-15", leg: "2" }, []],
  [{ flight: "I768" }, [2]],
  [{ flight: "i768" }, [2, 3]],
  [{ flight: "i768", date: "" }, [2]],
])("%j means %j", (wanted, expected) => {
  expect(rowsOfFlight(rows, wanted)).toEqual(expected.map((index) => rows[index]));
});
