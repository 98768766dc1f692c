// The age of a board's source: on the page, and by the clock of the server.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connection, launch, openPage, shown } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const avinor = {
  name: "Avinor",
  attribution: "Flight data from Avinor",
  link: "https://www.avinor.no",
  status: "current",
  lateAfter: 3_600,
};

const HOUR_MILLIS = 3_600_000;

/** In the middle of a minute of age, so that a slow machine does not reach the next. */
const TWO_MINUTES_SECS = 125;

function secondsAgo(seconds) {
  return new Date(Date.now() - seconds * 1_000).toISOString();
}

async function withSource(test, source) {
  const server = await startServer(test);
  await server.put("I768", { origin: "Rome", arrival: "10:10" });
  await server.setSource(source);
  return server;
}

/** What the page says about its source and its rows. */
function claims(page) {
  return page.evaluate(() => ({
    status: document.querySelector("[data-connection]").textContent,
    isKnown: "known" in document.querySelector("main").dataset,
    isLate: "late" in document.querySelector(".source").dataset,
    notices: document.querySelectorAll(".stale-notice").length,
  }));
}

const trusted = { status: "Live", isKnown: true, isLate: false, notices: 0 };
const doubtful = { status: "Connected", isKnown: false, isLate: true, notices: 1 };

describe("a source", { concurrency: 4 }, () => {
  it("is shown with its age and attribution", async (test) => {
    const server = await withSource(test, { ...avinor, lastAnswer: secondsAgo(TWO_MINUTES_SECS) });
    const { page, recorded } = await openPage(test, browser, server.url);
    const age = page.locator(".source time");
    await waitUntil("the age is known", async () => (await age.innerText()).endsWith("ago"));
    assert.match(await age.innerText(), /^[23] minutes ago$/);
    const link = page.locator(".source").getByRole("link", { name: "Flight data from Avinor" });
    assert.equal(await link.getAttribute("href"), "https://www.avinor.no");
    assert.deepEqual(await claims(page), trusted);

    await server.setSource({ ...avinor, lastAnswer: secondsAgo(0) });
    await waitUntilEqual(() => age.innerText(), "less than a minute ago");
    await server.setSource(null);
    await waitUntil("a line without the source", async () => {
      return !(await page.locator(".source").innerText()).includes("Avinor");
    });
    assert.equal(await connection(page), "live");
    assert.deepEqual(recorded.errors, []);
  });

  it("is late when the server says so", async (test) => {
    const server = await withSource(test, { ...avinor, lastAnswer: secondsAgo(0), lateAfter: 5 });
    const { page } = await openPage(test, browser, server.url);
    await page.locator(".source").waitFor();
    await waitUntilEqual(() => claims(page), doubtful);
    assert.equal(await connection(page), "live");
    assert.match(
      await page.locator(".stale-notice").innerText(),
      /^Avinor has not answered since \d+ \w+, \d\d:\d\d\. Whether these rows are right is not known\.$/,
    );
    assert.deepEqual(
      (await shown(page)).map(({ flight }) => flight),
      ["I768"],
    );

    await server.setSource({ ...avinor, lastAnswer: secondsAgo(0) });
    await waitUntilEqual(() => claims(page), trusted);
  });

  it("is late once it fails for too long", async (test) => {
    const failing = { ...avinor, status: "failing", reason: "the answer is HTML" };
    const answer = { lastAnswer: secondsAgo(TWO_MINUTES_SECS) };
    const server = await withSource(test, { ...failing, ...answer });
    const { page } = await openPage(test, browser, server.url);
    // The last answer is still good, as the page knows once it has the server's time.
    await page.locator(".source").waitFor();
    await waitUntilEqual(() => claims(page), trusted);
    await server.setSource({ ...failing, ...answer, lateAfter: 60 });
    await waitUntilEqual(() => claims(page), doubtful);
    assert.match(await page.locator(".stale-notice").innerText(), /\(the answer is HTML\)/);
  });

  it("has the same age on a wrong clock", async (test) => {
    const source = { ...avinor, lastAnswer: secondsAgo(TWO_MINUTES_SECS) };
    const server = await withSource(test, source);
    const fast = `{ const now = Date.now; Date.now = () => now() + ${2 * HOUR_MILLIS}; }`;
    const { page } = await openPage(test, browser, server.url, { before: { content: fast } });
    const age = page.locator(".source time");
    await waitUntil("the age is known", async () => (await age.innerText()).endsWith("ago"));
    assert.match(await age.innerText(), /^[23] minutes ago$/);
    assert.deepEqual(await claims(page), trusted);
  });
});
