// The evening of a hub: on each screen the first rows are flights that can still be caught, and every number is found.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, openPage } from "./chromium.mjs";
import { FOUND, hubEvening } from "./hub-evening.mjs";
import { onScreen } from "./on-screen.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const WALL = { viewport: { width: 1920, height: 1080 } };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const ROWS_OF_A_WALL = 11;
const MINUTE = 60_000;

/** As in docs/protocol.md: a row whose state does not tell of its movement is over half an hour after that was due. */
const UNTOLD_MINUTES = 30;

async function openEvening(test, path, context) {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures", airport: "HKG" });
  await server.configure({ title: "Arrivals", kind: "arrivals", airport: "HKG" }, "arrivals");
  const { departures, arrivals } = hubEvening();
  await server.add(departures);
  await server.add(arrivals, "arrivals");
  const { page, recorded } = await openPage(test, browser, server.url + path, { context });
  await page.locator("[data-connection=live]").waitFor();
  return { page, recorded, departures };
}

/** When a traveller has to expect the departure. */
const expectedAt = ({ departure, estimated }) => Date.parse(estimated ?? departure);

function canBeCaught(row, now = Date.now()) {
  if (row.actual !== undefined) return false;
  switch (row.state) {
    case "departed":
    case "gate closed":
      return false;
    case "cancelled":
      return Date.parse(row.departure) >= now;
    case "":
      return expectedAt(row) + UNTOLD_MINUTES * MINUTE > now;
    default:
      return true;
  }
}

/** The numbers of those that can be caught, soonest first. */
function catchable(departures) {
  return departures
    .filter((row) => canBeCaught(row))
    .sort(
      (one, other) => expectedAt(one) - expectedAt(other) || (one.flight < other.flight ? -1 : 1),
    )
    .map(({ flight }) => flight);
}

describe("the evening of a hub", { concurrency: 2 }, () => {
  it("has the size and the mix of a real one", () => {
    const { departures, arrivals } = hubEvening();
    const numbers = [...departures, ...arrivals].flatMap(({ codeshares }) => codeshares);
    const count = (state) => departures.filter((row) => row.state === state).length;
    assert.ok(numbers.length > 2_000, `${numbers.length} numbers of codeshares`);
    assert.equal(new Set(departures.map(({ flight }) => flight)).size, departures.length);
    assert.ok(count("departed") > 300 && count("gate closed") > 7 && count("cancelled") > 7);
    const late = departures.filter((row) => row.estimated && canBeCaught(row));
    assert.ok(late.length > 7, `${late.length} late flights`);
  });

  it("shows flights that can be caught on the first page of a wall", async (test) => {
    const path = "/boards/main/wall?turn=600";
    const { page, recorded, departures } = await openEvening(test, path, WALL);
    const expected = catchable(departures).slice(0, ROWS_OF_A_WALL);
    await waitUntilEqual(() => onScreen(page), expected);
    assert.deepEqual(recorded.errors, []);
  });

  for (const [name, context] of Object.entries({ laptop: LAPTOP, phone: PHONE })) {
    it(`opens at the first flight that can be caught on a ${name}`, async (test) => {
      const { page, recorded, departures } = await openEvening(test, "/boards/main", context);
      const [first] = catchable(departures);
      await waitUntilEqual(async () => (await onScreen(page))[0], first);
      assert.equal(await page.evaluate(() => window.scrollY), 0);
      assert.deepEqual(recorded.errors, []);
    });

    it(`finds a flight by the number of a codeshare on a ${name}`, async (test) => {
      const { page } = await openEvening(test, "/boards/main", context);
      await page.locator("input[type=search]").fill(FOUND.codeshare.replace(" ", ""));
      await waitUntilEqual(() => onScreen(page), [FOUND.flight]);
      const row = page.locator(`[data-flight="${FOUND.flight}"]`);
      await waitUntil("the state is shown", async () =>
        (await row.innerText()).includes("Gate closed"),
      );
    });
  }
});
