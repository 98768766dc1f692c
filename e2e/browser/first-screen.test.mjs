// The first screen, which the server draws into the page: the same rows as those of the page's script, until that has run.

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

const PHONE = { viewport: { width: 390, height: 844 } };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
const WIDE = { viewport: { width: 1920, height: 1080 } };

const states = [
  ...["scheduled", "", "check-in", "gate open", "Boarding", "final call", "gate closed"],
  ...["departed", "expected", "landing", "landed", "at gate", "baggage", "cancelled", "diverted"],
  ...["Delayed", "waiting for the tide"],
];

/** Rows in all states and at all times around now, with all that a row can have. */
function rowsOf(kind) {
  const minute = 60_000;
  const start = Math.floor(Date.now() / minute) * minute - 40 * minute;
  const [time, place] =
    kind === "departures" ? ["departure", "destination"] : ["arrival", "origin"];
  return Array.from({ length: 60 }, (_, index) => {
    const at = (minutes) => new Date(start + (index * 2 + minutes) * minute).toISOString();
    return {
      flight: `FB ${100 + index}`,
      [place]: ["LHR", "Nowhere Bay", "NRT", "القاهرة"][index % 4],
      [time]: at(0),
      state: states[index % states.length],
      // Late and early ones are in sight, and their state does not hide it.
      ...(index % 4 === 1 && { state: "scheduled", estimated: at(index % 8 === 1 ? 20 : -12) }),
      ...(index % 6 === 2 && { actual: at(4) }),
      ...(index % 3 === 0 && { airline: "Air One", codeshares: ["XX 1", "YY 2"] }),
      ...(index % 7 === 0 && { via: ["OSL", "Halfway"] }),
      ...(index % 4 !== 3 && { gate: String(index), terminal: `T${index % 2}` }),
      ...(index % 2 === 0 && { checkIn: "A", belt: "7" }),
      ...(index % 9 === 0 && { remark: "Please wait in the hall" }),
    };
  });
}

async function startBoard(test, kind) {
  const server = await startServer(test);
  await server.configure({ title: "The board", kind, airport: "HKG", note: "Mind the gap" });
  await server.add(rowsOf(kind));
  return server;
}

/** A page never changes its face, so one whose font is late would have other boxes than one whose font is not. */
const withoutFonts = (page) => page.route(/\.woff2$/, (route) => route.abort());

/** The page without its script, as a browser has it until the script is there. */
async function openFirstScreen(test, server, context, query = "") {
  const page = await (await browser.newContext(context)).newPage();
  test.after(() => page.context().close());
  await withoutFonts(page);
  await page.route(/\.js$/, (route) => route.abort());
  await page.goto(`${server.url}${query}`);
  return page;
}

/** The first rows in sight: their attributes, and the text and the box of each cell. */
const rowsInSight = (page) =>
  page.evaluate(async () => {
    await document.fonts.ready;
    const isShown = (element) => element.getBoundingClientRect().height > 0;
    const boxOf = (element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height].map((value) => Math.round(value)).join(" ");
    };
    const isInSight = (element) => element.getBoundingClientRect().bottom < window.innerHeight;
    const rows = [...document.querySelectorAll("[data-flight]")].filter(isShown).filter(isInSight);
    return rows.map((row) => ({
      ...row.dataset,
      cells: [...row.children].filter(isShown).map((cell) => {
        const { column, slot } = cell.dataset;
        return { column, slot, text: cell.innerText.replace(/\s+/g, " "), box: boxOf(cell) };
      }),
    }));
  });

describe("the first rows are those of the page", { concurrency: 2 }, () => {
  for (const [name, context] of Object.entries({ PHONE, LAPTOP, WIDE })) {
    for (const kind of ["departures", "arrivals"]) {
      it(`${kind} on a ${name.toLowerCase()} screen`, async (test) => {
        const server = await startBoard(test, kind);
        const { page } = await openPage(test, browser, server.url, { context });
        await withoutFonts(page);
        // A minute later both have other rows, and an open page keeps some of them longer.
        await waitUntil("both show the same minute", async () => {
          await page.reload();
          await page.locator("[data-connection=live]").waitFor();
          const before = await openFirstScreen(test, server, context);
          const first = await rowsInSight(before);
          const own = await rowsInSight(page);
          const minute = await before.locator(".connection").innerText();
          const clock = await page.locator(".clock .now").innerText();
          if (!minute.includes(` ${clock}:`)) return false;
          assert.ok(first.length >= 4);
          assert.deepEqual(first, own);
          return true;
        });
        assert.equal(await page.locator("#first-screen").count(), 0);
      });
    }
  }
});

it("a reader knows how old the first rows are", async (test) => {
  const server = await startBoard(test, "departures");
  const page = await openFirstScreen(test, server, LAPTOP);
  const status = await page.locator(".connection").innerText();
  assert.match(status, /^As of \d\d:\d\d:\d\d, connecting$/);
  const hour = page.locator(".hour").first();
  assert.notEqual(await hour.evaluate((it) => getComputedStyle(it).animationName), "none");
  await waitUntilEqual(() => hour.evaluate((it) => getComputedStyle(it).filter), "grayscale(1)");
  // The link leads to the flight without a script, too.
  await page.locator("[data-flight] .open").first().click();
  await page.waitForURL(/\/boards\/main\/flights\/FB%20/);
});

it("the page takes the place of the first rows", async (test) => {
  const server = await startBoard(test, "departures");
  const page = await (await browser.newContext(LAPTOP)).newPage();
  test.after(() => page.context().close());
  await page.addInitScript(() => {
    window.most = 0;
    new MutationObserver(() => {
      const flights = [...document.querySelectorAll("[data-flight]")].map(
        (it) => it.dataset.flight,
      );
      const count = flights.length - new Set(flights).size;
      if (document.querySelector("#page [data-flight]")) window.most = Math.max(window.most, count);
    }).observe(document, { subtree: true, childList: true });
  });
  await page.goto(server.url);
  await page.locator("[data-connection=live]").waitFor();
  assert.equal(await page.locator("#first-screen").count(), 0);
  assert.equal(await page.evaluate(() => window.most), 0);
});

it("other languages and searches have no first rows", async (test) => {
  const server = await startBoard(test, "departures");
  const counts = async (context, query) => {
    const page = await openFirstScreen(test, server, { ...LAPTOP, ...context }, query);
    return page.locator("[data-flight]").count();
  };
  assert.equal(await counts({ locale: "en-GB" }, ""), 16);
  assert.equal(await counts({ locale: "de-DE" }, ""), 0);
  assert.equal(await counts({ locale: "de-DE" }, "/?lang=en"), 16);
  assert.equal(await counts({ locale: "en-GB" }, "/?q=FB"), 0);
  // A choice of the reader counts more than the browser's language.
  const { page } = await openPage(test, browser, server.url, { context: LAPTOP });
  await page.locator(".settings").click();
  await page.getByRole("dialog").getByLabel("Language").selectOption("ja");
  await page.reload();
  await page.locator("[data-connection=live]").waitFor();
  await page.route(/\.js$/, (route) => route.abort());
  await page.reload();
  assert.equal(await page.locator("[data-flight]").count(), 0);
});
