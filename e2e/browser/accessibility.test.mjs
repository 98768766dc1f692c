// The rules of axe-core on the page, in both themes, on all sizes of screens, and in each of its states.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const SCREENS = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  laptop: { viewport: { width: 1366, height: 768 } },
  wall: { viewport: { width: 1920, height: 1080 } },
};

const states = [
  ...["", "scheduled", "check-in", "gate open", "boarding", "final call", "gate closed", "landing"],
  ...["landed", "at gate", "baggage", "cancelled", "diverted", "Delayed", "waiting for the tide"],
];

/** A row in each state, of which some are late, and enough of the past for earlier flights. */
function rows() {
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  const current = states.map((state, index) => ({
    flight: `BA ${100 + index}`,
    destination: "LHR",
    via: ["OSL"],
    airline: "British Airways",
    codeshares: ["AA 1", "IB 2"],
    departure: at(5 + index),
    ...(index % 2 === 1 && { estimated: at(45 + index) }),
    state,
    gate: "B4",
    terminal: `T${index % 2}`,
    checkIn: "A",
    ...(index % 3 === 0 && { remark: "Please wait in the hall" }),
  }));
  const past = { destination: "FCO", departure: at(-300), actual: at(-290), state: "departed" };
  return [...current, ...["BA 1", "BA 2"].map((flight) => ({ flight, ...past }))];
}

/** The last rows come when the browser is idle. */
const allRows = (page) => waitUntilEqual(() => page.locator("[data-undrawn]").count(), 0);

describe("axe finds nothing", { concurrency: 2 }, () => {
  for (const [name, screen] of Object.entries(SCREENS)) {
    for (const colorScheme of ["light", "dark"]) {
      it(`on a ${name} in the ${colorScheme}`, async (test) => {
        const server = await startServer(test);
        await server.configure({ title: "Departures", kind: "departures", airport: "HKG" });
        await server.configure({ title: "Arrivals" }, "arrivals");
        await server.add(rows());
        const context = { ...screen, colorScheme, reducedMotion: "reduce" };
        const { page } = await openPage(test, browser, server.url, { context });
        const button = page.getByRole("button", { name: /^\d+ earlier flights$/ });
        await button.waitFor();
        await waitUntilEqual(() => page.locator("[data-connection=live]").count(), 1);
        await allRows(page);
        assert.deepEqual(await violations(page), [], "board");

        await button.click();
        await page.getByRole("button", { name: "Hide earlier flights" }).waitFor();
        await page.getByRole("button", { name: "Stop updates" }).click();
        await page.locator(".stale-notice").waitFor();
        assert.deepEqual(await violations(page), [], "stopped");

        await page.getByRole("button", { name: "BA 103" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "QR code" }).waitFor();
        assert.deepEqual(await violations(page), [], "details");
      });
    }
  }
});
