import { expect, test } from "vitest";
import cities from "virtual:city-names";
import { citiesOf } from "./city-names.ts";

test("a line an airport, named by its city or else by itself", () => {
  const csv = [
    "iata,name,city,country,timeZone",
    "LAX,Los Angeles International Airport,Los Angeles,US,America/Los_Angeles",
    'AAB,"Arrabury ""Old"" Airport, West",,AU,Australia/Brisbane',
    ",No Code,Nowhere,AU,Australia/Brisbane",
  ].join("\r\n");
  expect(citiesOf(csv)).toEqual(["LAX Los Angeles", 'AAB Arrabury "Old" Airport, West']);
});

test("a table without the columns is refused", () => {
  expect(() => citiesOf("code,town\nLAX,Los Angeles")).toThrow("iata, name, city");
});

test("the page's own names hold the world's airports", () => {
  const lines = cities.split("\n");
  expect(lines.length).toBeGreaterThan(5_000);
  expect(lines).toContain("LAX Los Angeles");
});
