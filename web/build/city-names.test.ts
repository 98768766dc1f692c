import { expect, test } from "vitest";
import cities from "virtual:city-names";
import { citiesOf } from "./city-names.ts";

test("lists airports by city or name", () => {
  const csv = [
    "iata,name,city,country,timeZone",
    "LAX,Los Angeles International Airport,Los Angeles,US,America/Los_Angeles",
    'AAB,"Arrabury ""Old"" Airport, West",,AU,Australia/Brisbane',
    ",No Code,Nowhere,AU,Australia/Brisbane",
  ].join("\r\n");
  expect(citiesOf(csv)).toEqual(["LAX Los Angeles", 'AAB Arrabury "Old" Airport, West']);
});

test("rejects missing columns", () => {
  expect(() => citiesOf("code,town\nLAX,Los Angeles")).toThrow("iata, name, city");
});

test("covers the world's airports", () => {
  const lines = cities.split("\n");
  expect(lines.length).toBeGreaterThan(5_000);
  expect(lines).toContain("LAX Los Angeles");
});
