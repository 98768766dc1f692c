// A board of more rows than the page draws at once.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const ROWS = 3_000;

/** The hours near the screen: far more rows than fit on it, far fewer than the board has. */
const MAX_DRAWN = 480;
const MIN_PRINTED = 1_000;
const MAX_PRINTED = MIN_PRINTED + 60;

/** Of a row that should stay where it is. */
const MAX_SHIFT_PIXELS = 2;

const LAPTOP = { viewport: { width: 1366, height: 768 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

const number = (index) => `FB${10_000 + index}`;

/** The next whole hour, so that no row is over. */
const START = Math.ceil(Date.now() / 3_600_000) * 3_600_000;

/** One a minute. */
function arrival(index) {
  const arrival = new Date(START + index * 60_000).toISOString();
  const row = {
    flight: number(index),
    origin: "LHR",
    arrival,
    state: "expected",
  };
  return index % 3 === 0 ? { ...row, remark: "Please wait in the hall", via: ["OSL"] } : row;
}

async function openLargeBoard(test, context = LAPTOP) {
  const server = await startServer(test);
  await server.configure({ title: "Arrivals" });
  await server.add(Array.from({ length: ROWS }, (_, index) => arrival(index)));
  const { page, recorded } = await openPage(test, browser, server.url, {
    context,
  });
  await page.locator(`[data-flight=${number(0)}]`).waitFor();
  return { server, page, recorded };
}

const drawn = (page) =>
  page
    .locator("[data-flight]")
    .evaluateAll((rows) =>
      rows.map((row) => [row.dataset.flight, Number(row.getAttribute("aria-rowindex"))]),
    );

/** The headings and the names of the hours are rows too. */
const rowIndex = (index) => index + 3 + Math.floor(index / 60);
const ALL_ROWS = ROWS + 1 + ROWS / 60;

const isDrawn = (page, index) => async () => (await page.locator(row(index)).count()) === 1;
const row = (index) => `[data-flight=${number(index)}]`;

/** Scrolls until the row is in the middle of the screen, as a reader does who looks for it. */
async function scrollTo(page, index) {
  await waitUntil(`row ${index} is on the screen`, () =>
    page.evaluate(
      ([flight, index, count]) => {
        const row = document.querySelector(`[data-flight=${flight}]`);
        if (row === null) {
          const { top, height } = document.querySelector("[role=table]").getBoundingClientRect();
          window.scrollTo(0, window.scrollY + top + (height * index) / count);
          return false;
        }
        row.scrollIntoView({ block: "center" });
        const { top, bottom } = row.getBoundingClientRect();
        return top >= 0 && bottom <= window.innerHeight;
      },
      [number(index), index, ROWS],
    ),
  );
}

const top = (page, index) =>
  page.locator(row(index)).evaluate((row) => row.getBoundingClientRect().top);

describe("a large board", { concurrency: 2 }, () => {
  for (const [screen, context] of Object.entries({ LAPTOP, PHONE })) {
    it(`draws the rows near a ${screen.toLowerCase()}'s screen`, async (test) => {
      const { page, recorded } = await openLargeBoard(test, context);
      assert.equal(await page.getByRole("table").getAttribute("aria-rowcount"), String(ALL_ROWS));
      for (const index of [0, 1_500, ROWS - 1]) {
        await scrollTo(page, index);
        await waitUntil("the screen is full", () => isFull(page));
        const rows = await drawn(page);
        assert.ok(rows.length < MAX_DRAWN, `${rows.length} rows`);
        for (const [flight, position] of rows) {
          assert.equal(position, rowIndex(Number(flight.slice(2)) - 10_000), flight);
        }
        assert.ok(rows.some(([flight]) => flight === number(index)));
      }
      const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
      assert.ok(!(scrollWidth > clientWidth), `${scrollWidth} of ${clientWidth} pixels`);
      assert.deepEqual(recorded.errors, []);
    });
  }

  it("stays where it was scrolled to", async (test) => {
    const { page } = await openLargeBoard(test);
    for (const part of [0.5, 0.9, 0.1]) {
      const target = await page.evaluate((part) => {
        const target = Math.round(document.documentElement.scrollHeight * part);
        window.scrollTo(0, target);
        return target;
      }, part);
      await waitUntil("the screen is full", () => isFull(page));
      const [row] = await drawn(page);
      assert.ok(Math.abs(row[1] - ROWS * part) < ROWS / 20, `row ${row} at ${part}`);
      const scrolled = await page.evaluate(() => window.scrollY);
      assert.ok(Math.abs(scrolled - target) < 1_000, `${scrolled}, not ${target}`);
    }
  });

  it("highlights changes only as they happen", async (test) => {
    const { server, page } = await openLargeBoard(test);
    const highlight = (index) => page.locator(row(index)).getAttribute("data-highlight");
    await server.patch(number(0), { gate: "A1" });
    await page.locator(`${row(0)}[data-highlight]`).waitFor();

    await server.patch(number(1_500), { gate: "A2" });
    await server.patch(number(1), { gate: "A3" });
    await page.locator(`${row(1)}[data-highlight]`).waitFor();
    await scrollTo(page, 1_500);
    const gate = page.locator(`${row(1_500)} [data-column=gate]`);
    assert.equal(await gate.textContent(), "A2");
    assert.equal(await highlight(1_500), null);

    await server.patch(number(1_500), { gate: "A4" });
    await page.locator(`${row(1_500)}[data-highlight]`).waitFor();
    await scrollTo(page, 0);
    assert.equal(await highlight(0), null);
  });

  it("keeps the reader's place when rows above change", async (test) => {
    const { server, page } = await openLargeBoard(test);
    await scrollTo(page, 1_500);
    const before = await top(page, 1_500);
    for (let index = 0; index < 10; index += 1) await server.remove(number(index));
    await server.put("ZZ1", {
      origin: "FCO",
      arrival: new Date(START + 20.5 * 60_000).toISOString(),
      state: "expected",
    });
    const count = String(ALL_ROWS - 10 + 1);
    await waitUntilEqual(() => page.getByRole("table").getAttribute("aria-rowcount"), count);
    await waitUntil("the row is where it was", async () => {
      return Math.abs((await top(page, 1_500)) - before) <= MAX_SHIFT_PIXELS;
    });
  });

  it("prints what follows the screen", async (test) => {
    const { page } = await openLargeBoard(test);
    await scrollTo(page, 300);
    const scrolled = await page.evaluate(() => window.scrollY);
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    const rows = await drawn(page);
    assert.ok(rows.length >= MIN_PRINTED && rows.length < MAX_PRINTED, `${rows.length} rows`);
    assert.ok(rows[0][1] <= rowIndex(300) && rows[0][1] > 160, `begins at ${rows[0]}`);
    const caption = await page.locator(".caption").textContent();
    assert.match(caption, /Rows \d+ to \d+ of 3000\.$/);
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await waitUntil("the row is on the screen again", isDrawn(page, 300));
    assert.ok((await drawn(page)).length < MAX_DRAWN);
    const after = await page.evaluate(() => window.scrollY);
    assert.ok(Math.abs(after - scrolled) < 100, `scrolled from ${scrolled} to ${after}`);
  });
});

/** Whether a row, or the name of an hour, is at each height of the screen, but for the page's own head and foot. */
function isFull(page) {
  return page.evaluate(() => {
    const heights = [0.55, 0.7, 0.85].map((part) => part * window.innerHeight);
    const hits = heights.map((y) => document.elementFromPoint(window.innerWidth / 2, y));
    const isEnd = window.scrollY + window.innerHeight >= document.body.scrollHeight - 200;
    return isEnd || hits.every((hit) => hit?.closest("[data-flight], .hour-name"));
  });
}
