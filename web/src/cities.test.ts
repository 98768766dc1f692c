import { expect, test } from "vitest";
import { MAX_BACKOFF_MILLIS } from "../packages/flightboard-client/src/backoff.ts";
import { CityNames, codesOf, MAX_CODES } from "./cities.ts";
import { arrivals, FakePageEnvironment, rome } from "./test-doubles.ts";
import type { Board, Flight } from "flightboard-client";

test.each<[string[], string, Board, Flight]>([
  [[], "names in plain text", arrivals, { ...rome, via: ["Milan"] }],
  [[], "a code at the board's own end", arrivals, { ...rome, destination: "LHR" }],
  [["FCO"], "a code at the other end", arrivals, { ...rome, origin: "FCO" }],
  [["MXP"], "a code on the way", arrivals, { ...rome, via: ["MXP"] }],
  [["LHR"], "a code of the board's airport", { ...arrivals, airport: "LHR" }, rome],
])("requests %j: %s", (wanted, _, board, flight) => {
  expect([...codesOf(board, [flight])]).toEqual(wanted);
});

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("each code is requested once", async () => {
  const world = new FakePageEnvironment();
  const names = new CityNames(world);
  let renderings = 0;
  names.subscribe(() => (renderings += 1));
  names.want(["LAX", "BOS", "QQQ"]);
  names.want(["LAX", "BOS"]);
  await settled();
  expect(world.placeRequests).toEqual([["BOS", "LAX", "QQQ"]]);
  expect([...names.cities()]).toEqual([
    ["BOS", "Boston"],
    ["LAX", "Los Angeles"],
  ]);
  names.want(["LAX", "QQQ", "HKG"]);
  await settled();
  expect(world.placeRequests.slice(1)).toEqual([["HKG"]]);
  expect(names.cities().get("LAX")).toBe("Los Angeles");
  expect(renderings).toBe(1);
});

test("requests stay within the server's limit", async () => {
  const world = new FakePageEnvironment();
  const names = new CityNames(world);
  const code = (index: number) => `A${(index + 1_296).toString(36).toUpperCase().slice(-2)}`;
  names.want(Array.from({ length: MAX_CODES + 1 }, (_, index) => code(index)));
  await settled();
  expect(world.placeRequests.map(({ length }) => length)).toEqual([MAX_CODES, 1]);
});

test("a failed request is repeated", async () => {
  const world = new FakePageEnvironment();
  const { places } = world;
  world.places = undefined;
  const names = new CityNames(world);
  names.want(["LAX"]);
  await settled();
  expect(world.placeRequests).toHaveLength(1);
  await world.clock.advance(MAX_BACKOFF_MILLIS);
  expect(world.placeRequests.length).toBeGreaterThan(1);
  world.places = places;
  await world.clock.advance(MAX_BACKOFF_MILLIS);
  await settled();
  expect(names.cities().get("LAX")).toBe("Los Angeles");

  world.places = undefined;
  names.want(["BOS"]);
  await settled();
  const requests = world.placeRequests.length;
  names.dispose();
  await world.clock.advance(MAX_BACKOFF_MILLIS);
  expect(world.placeRequests).toHaveLength(requests);
});
