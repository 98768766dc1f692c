// A board in the evening: its first flights, and those behind the button.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, openPage } from "./chromium.mjs";
import { onScreen } from "./on-screen.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const WALL = { viewport: { width: 1920, height: 1080 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const MINUTE = 60_000;

/** Of a row that should stay where it is. */
const MAX_SHIFT_PIXELS = 2;

/** Flights of a day by the minutes until they leave: most have left, some have just closed, some are called. */
function departures() {
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const at = (minutes) => new Date(now + minutes * MINUTE).toISOString();
  const flight = (minutes, fields) => ({
    flight: `CX ${1_000 + minutes}`,
    date: at(minutes).slice(0, 10),
    destination: "LHR",
    airline: "Cathay Pacific",
    departure: at(minutes),
    gate: "27",
    ...fields,
  });
  const over = Array.from({ length: 200 }, (_, index) => {
    const minutes = -16 - 3 * index;
    return flight(minutes, { state: "departed", actual: at(minutes + 4) });
  });
  const closed = [-11, -13].map((minutes) => flight(minutes, { state: "Gate closed" }));
  const called = [-5, 4, 9].map((minutes) => flight(minutes, { state: "Final call" }));
  const later = Array.from({ length: 120 }, (_, index) => flight(14 + 4 * index, {}));
  const delayed = flight(-90, { estimated: at(12), state: "boarding" });
  return { over, closed, called, later, delayed };
}

async function openEvening(test, context) {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures", airport: "HKG" });
  const { over, closed, called, later, delayed } = departures();
  await server.add([...over, ...closed, ...called, ...later, delayed]);
  const { page, recorded } = await openPage(test, browser, server.url, { context });
  await page.locator("[data-flight]").first().waitFor({ state: "attached" });
  return { server, page, recorded };
}

const nextFlights = ["CX 995", "CX 1004", "CX 1009", "CX 910", "CX 1014", "CX 1018"];

describe("a board in the evening", { concurrency: 4 }, () => {
  for (const [screen, context] of Object.entries({ WALL, PHONE })) {
    it(`begins with the flights of now on a ${screen.toLowerCase()}`, async (test) => {
      const { page, recorded } = await openEvening(test, context);
      await waitUntilEqual(async () => (await onScreen(page)).slice(0, 6), nextFlights);
      // On a phone the name of an hour takes the place of an eighth.
      await waitUntil("seven rows", async () => (await onScreen(page)).length >= 7);
      assert.equal(await page.evaluate(() => window.scrollY), 0);
      assert.deepEqual(recorded.errors, []);
    });
  }

  it("opens the earlier flights in place", async (test) => {
    const { page } = await openEvening(test, WALL);
    const first = page.locator('[data-flight="CX 995"]');
    const top = () => first.evaluate((row) => row.getBoundingClientRect().top);
    await first.waitFor();
    const before = await top();
    await page.getByRole("button", { name: "202 earlier flights" }).click();
    await page.getByRole("button", { name: "Hide earlier flights" }).waitFor();
    await waitUntil("the row is where it was", async () => {
      return Math.abs((await top()) - before) <= MAX_SHIFT_PIXELS;
    });
    assert.ok((await page.evaluate(() => window.scrollY)) > 1_000, "the earlier rows are above");
    const departed = page.locator('[data-flight="CX 984"]');
    await departed.scrollIntoViewIfNeeded();
    assert.match(await departed.innerText(), /Departed \d\d:\d\d/);

    await page.getByRole("button", { name: "Hide earlier flights" }).click();
    await departed.waitFor({ state: "hidden" });
  });

  it("leaves a reader who scrolls in place", async (test) => {
    const { page } = await openEvening(test, WALL);
    const button = page.getByRole("button", { name: "202 earlier flights" });
    await button.waitFor();
    const top = await button.evaluate(async (button) => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      button.click();
      while (window.scrollY === 0) await frame();
      button.dispatchEvent(new WheelEvent("wheel", { bubbles: true }));
      window.scrollTo(0, 0);
      for (let frames = 0; frames < 20; frames += 1) await frame();
      return window.scrollY;
    });
    assert.equal(top, 0);
  });

  it("moves a departed flight behind the button", async (test) => {
    const { server, page } = await openEvening(test, WALL);
    await page.locator('[data-flight="CX 995"]').waitFor();
    const [{ date }] = (await server.rows()).filter(({ flight }) => flight === "CX 995");
    const actual = new Date(Date.now() - 6 * MINUTE).toISOString();
    await server.patch("CX%20995", { date, state: "Departed", actual });
    await page.locator('[data-flight="CX 995"]').waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "203 earlier flights" }).waitFor();
    assert.equal((await onScreen(page))[0], "CX 1004");
  });
});

// One at a time: only one window has the keyboard.
describe("a board in the evening by keyboard", () => {
  it("opens the details by keyboard and gives the focus back", async (test) => {
    const { page } = await openEvening(test, WALL);
    const number = page.getByRole("button", { name: "CX 995" });
    await number.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("dialog");
    await sheet.waitFor();
    assert.match(await sheet.innerText(), /CX 995/);
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "hidden" });
    assert.ok(await number.evaluate((button) => button === document.activeElement));
  });
});
