// The page of the punctuality: its figures, plots and tables, its choice of days, and its doubt.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { violations } from "./axe.mjs";
import { inChromium, launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { morningZone, punctualDay } from "./punctual-day.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Rows of a departed board are removed soon; these stay. */
const removeAfter = { departed: "never", cancelled: "never" };

async function openDay(test, { path = "", context, rows = punctualDay() } = {}) {
  const server = await startServer(test);
  const timeZone = morningZone();
  await server.configure({ title: "Departures", kind: "departures", timeZone, removeAfter });
  await server.add(rows);
  const url = `${server.url}/boards/main/punctuality${path}`;
  const { page } = await openPage(test, browser, url, { context });
  return { server, page };
}

const figure = (page, label) =>
  page.locator(".punctuality-figures > div", { hasText: label }).locator("dd");

it("shows the figures that the server counts", async (test) => {
  const { server, page } = await openDay(test);
  await page.getByText("As of").waitFor();
  const { overall, byHour, byAirline } = await counted(server, page);
  assert.ok(overall.onTime > 10 && overall.late > 10 && overall.unknown > 5, overall);
  const percent = `${Math.round(overall.onTimeShare * 100)}%`;
  assert.equal(await figure(page, "On time").textContent(), percent);
  assert.equal(await figure(page, "Flights").textContent(), String(overall.flights));
  assert.equal(await figure(page, "Cancelled").textContent(), String(overall.cancelled));
  assert.equal(await figure(page, "Not known").textContent(), String(overall.unknown));
  const plot = page.getByRole("figure", { name: "On time by hour" });
  const known = byHour.filter(({ onTimeShare }) => onTimeShare !== null);
  assert.equal(await plot.locator("rect").count(), known.length);
  await plot.getByText("Table").click();
  assert.equal(await plot.locator("tbody tr").count(), byHour.length);
  const airlines = page.getByRole("figure", { name: "On time by airline" });
  assert.equal(await airlines.locator("rect.plot-first").count(), byAirline.length);
  assert.equal(await page.title(), "Punctuality: Departures · flightboard");
});

/** The answer to the page's last request. */
async function counted(server, page) {
  const urls = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => name),
  );
  const url = urls.filter((url) => url.includes("/punctuality?")).at(-1);
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  return response.json();
}

it("says that nothing is known, and never zero", async (test) => {
  const rows = punctualDay().slice(-12);
  const { page } = await openDay(test, { rows });
  await page.getByText("No outcome of these flights is known yet.").waitFor();
  assert.equal(await figure(page, "On time").textContent(), "not known");
  assert.equal(await figure(page, "Median delay").textContent(), "not known");
  assert.equal(await page.getByRole("figure").count(), 0);
  await page.getByText("The server knows flights since").waitFor();
  await page.getByLabel("Yesterday").check();
  await waitUntilEqual(() => page.locator(".punctuality-figures").count(), 0);
  await page.getByText("The server knows flights since").waitFor();
  assert.ok(page.url().endsWith("?days=yesterday"), page.url());
});

it("counts the days that a reader chooses", async (test) => {
  const { page } = await openDay(test);
  await page.getByLabel("Other days").check();
  const last = page.getByLabel("Last day");
  const today = await last.inputValue();
  await last.fill("2001-01-01");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("at most 31 days count").waitFor();
  await last.fill(today);
  await page.getByRole("button", { name: "Show" }).click();
  await figure(page, "On time").waitFor();
  assert.ok(page.url().endsWith(`first=${today}&last=${today}`), page.url());
});

it("says when its figures are old", async (test) => {
  const { server, page } = await openDay(test);
  await figure(page, "On time").waitFor();
  await server.kill();
  await page.getByLabel("Yesterday").check();
  await page.getByText("The server has not answered yet").waitFor();
  assert.equal(await page.locator(".punctuality-figures").count(), 0);
  await page.getByLabel("Today").check();
  await page.getByText("The server has not answered yet").waitFor();
});

it("is linked from the board", async (test) => {
  const { page } = await openDay(test);
  await page.getByRole("link", { name: "To the board" }).click();
  await page.getByRole("link", { name: "Punctuality" }).click();
  await figure(page, "On time").waitFor();
});

inChromium("prints its tables", async (test) => {
  const { page } = await openDay(test);
  await figure(page, "On time").waitFor();
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await page.getByRole("cell").first().waitFor();
  assert.ok(await page.locator(".punctuality-printed").isVisible());
  assert.equal(await page.getByRole("radio").first().isVisible(), false);
});

const SCREENS = {
  "a laptop in the light": { viewport: { width: 1366, height: 768 }, colorScheme: "light" },
  "a phone in the dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
};

for (const [screen, context] of Object.entries(SCREENS)) {
  for (const language of ["en", "ar"]) {
    it(`has no violations on ${screen} in the language ${language}`, async (test) => {
      const path = `?lang=${language}&days=week`;
      const { page } = await openDay(test, { path, context });
      await page.locator(".plots").waitFor();
      assert.deepEqual(await violations(page), []);
      for (const summary of await page.locator(".plot summary").all()) await summary.click();
      assert.deepEqual(await violations(page), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= context.viewport.width, `${width}`);
    });
  }
}
