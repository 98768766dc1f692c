// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { CityNames } from "./cities.ts";
import { firstPlaces, FRESH_MILLIS, withFirstRows } from "./first-rows.ts";
import { arrivals, FakePageEnvironment, rome } from "./test-doubles.ts";

const MADE_AT = Date.parse("2026-11-22T12:00:00Z");
const data = { board: arrivals, id: "aa-7", flights: [rome] };

let requests: string[];

/** As the page's script asks for them at `now`. */
function openPage(now: number) {
  return withFirstRows(document, { askedAt: MADE_AT - 100, now: () => now }, async (url) => {
    requests.push(url);
    return null;
  });
}

beforeEach(() => {
  requests = [];
  document.body.innerHTML = `
    <script id="first-rows" type="application/json" data-at="2026-11-22T12:00:00Z"></script>
    <script id="first-places" type="application/json">{"FCO":"Rome"}</script>`;
  document.getElementById("first-rows")!.textContent = JSON.stringify(data);
});

test("the first rows need no request", async () => {
  const fetchRows = openPage(MADE_AT + FRESH_MILLIS);
  expect(await fetchRows("/boards/main")).toEqual({ data, id: "aa-7", at: MADE_AT - 100 });
  expect(requests).toEqual([]);
  await fetchRows("/boards/main");
  expect(requests).toEqual(["/boards/main"]);
});

test.each([
  ["rows of a cache", "/boards/main", MADE_AT + FRESH_MILLIS + 1],
  ["rows under a wrong clock", "/boards/main", MADE_AT - FRESH_MILLIS - 1],
  ["rows of another board", "/boards/jfk", MADE_AT],
])("%s are requested", async (_, url, now) => {
  expect(await openPage(now)(url)).toBeNull();
  expect(requests).toEqual([url]);
});

test("a page without rows requests them", async () => {
  document.body.innerHTML = "";
  await openPage(MADE_AT)("/boards/main");
  expect(requests).toEqual(["/boards/main"]);
  expect([...firstPlaces(document)]).toEqual([]);
});

test("places of the page are not requested", async () => {
  const world = new FakePageEnvironment();
  const names = new CityNames(Object.assign(world, { firstPlaces: firstPlaces(document) }));
  expect(names.cities().get("FCO")).toBe("Rome");
  names.want(["FCO"]);
  await Promise.resolve();
  expect(world.placeRequests).toEqual([]);
});
