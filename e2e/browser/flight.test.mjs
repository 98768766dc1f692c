// The page of one flight: its changes, its QR code on the screen and on paper, and its doubt.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { violations } from "./axe.mjs";
import { inChromium, launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const flight = {
  flight: "CX 797",
  destination: "CGK",
  departure: new Date(Date.now() + 40 * 60_000).toISOString(),
  gate: "27",
  state: "gate open",
};

async function openFlight(test) {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures" });
  await server.add([flight, { ...flight, flight: "UO 1", destination: "HND" }]);
  const path = "/boards/main/flights/CX%20797";
  const context = { viewport: { width: 390, height: 844 } };
  const { page } = await openPage(test, browser, server.url + path, { context });
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Added to the board").waitFor();
  return { server, page, dialog };
}

it("tells what has changed of a flight", async (test) => {
  const { server, page, dialog } = await openFlight(test);
  await server.patch("UO%201", { gate: "80" });
  await server.patch("CX%20797", { gate: "61", state: "boarding" });
  await dialog.getByText("Gate 27 → 61").waitFor();
  assert.equal(await dialog.locator(".history li").count(), 2);
  assert.equal(await dialog.locator("[aria-current=step]").textContent(), "Boarding");
  await dialog.getByRole("button", { name: "QR code" }).click();
  await dialog.getByRole("img").waitFor();
  assert.deepEqual(await violations(page), []);
});

it("says in the details that they may be outdated", async (test) => {
  const { server, dialog } = await openFlight(test);
  await server.kill();
  await dialog.getByText("These rows are as of").waitFor();
});

inChromium("prints a flight with its QR code", async (test) => {
  const { page, dialog } = await openFlight(test);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await dialog.getByText("As of").waitFor();
  assert.ok(await dialog.getByRole("img").isVisible());
  assert.equal(await page.locator(".timetable").isVisible(), false);
  assert.equal(await dialog.getByRole("button").count(), 0);
});
