// Pages at URLs of nothing, the list of boards, and previews of links.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { isFirefox, launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const FLIGHT = { flight: "CX 797", date: "2026-01-15" };
const FLIGHT_PATH = `/boards/main/flights/CX%20797?date=${FLIGHT.date}`;

/** Each with its status, its title, and a text on it. */
const PAGES = {
  "/nowhere": [404, "Not found · flightboard", "There is no such page"],
  "/boards/nowhere": [404, "nowhere · flightboard", "There is no board “nowhere”"],
  "/boards": [200, "Boards · flightboard", "Arrivals"],
  [FLIGHT_PATH]: [200, "Departures · flightboard", "Jakarta"],
};

async function startAirport(test) {
  const server = await startServer(test);
  const settings = { airport: "HKG", timeZone: "Asia/Hong_Kong" };
  await server.configure({ ...settings, title: "Departures", kind: "departures" });
  await server.configure({ ...settings, title: "Arrivals", kind: "arrivals" }, "arrivals");
  const departure = `${FLIGHT.date}T19:05:00+08:00`;
  const row = { ...FLIGHT, destination: "CGK", departure, gate: "31", state: "boarding" };
  await server.add([row]);
  return server;
}

/** The answer to the page's URL as a browser asks for it. */
async function openStatus(server, path) {
  const response = await fetch(server.url + path, { headers: { Accept: "text/html" } });
  return { status: response.status, html: await response.text() };
}

const metaOf = (page, name) =>
  page.locator(`meta[property="${name}"], meta[name="${name}"]`).getAttribute("content");

describe("pages beside the boards", { concurrency: 2 }, () => {
  for (const [path, [status, title, text]] of Object.entries(PAGES)) {
    for (const colorScheme of ["light", "dark"]) {
      // Firefox takes no colour scheme from a test.
      if (isFirefox && colorScheme === "dark") continue;
      it(`${path} in the ${colorScheme}`, async (test) => {
        const server = await startAirport(test);
        assert.equal((await openStatus(server, path)).status, status);
        const context = { colorScheme, viewport: { width: 390, height: 844 } };
        const { page, recorded } = await openPage(test, browser, server.url + path, { context });
        await page.getByText(text).first().waitFor();
        assert.equal(await page.title(), title);
        assert.deepEqual(await violations(page), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
        assert.deepEqual(recorded.errors, []);
      });
    }
  }

  it("lead from nothing to a board", async (test) => {
    const server = await startAirport(test);
    const { page } = await openPage(test, browser, `${server.url}/nowhere`);
    await page.getByRole("link", { name: "Arrivals" }).click();
    await page.getByRole("heading", { name: "Arrivals" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/boards/arrivals");
  });

  it("mark an unknown board with a picture", async (test) => {
    const server = await startAirport(test);
    const { page } = await openPage(test, browser, `${server.url}/boards/nowhere`);
    await page.locator("[data-connection=absent]").waitFor();
    await page.locator(".mark .icon").waitFor();
  });
});

describe("a preview", { concurrency: 2 }, () => {
  for (const [path, title] of [
    ["/boards/main", "Departures, Hong Kong"],
    [FLIGHT_PATH, "CX 797 to Jakarta, gate 31, boarding"],
  ]) {
    it(`of ${path} has title, description and image`, async (test) => {
      const server = await startAirport(test);
      const { html } = await openStatus(server, path);
      // A service that previews links runs no scripts.
      const context = { javaScriptEnabled: false };
      const { page } = await openPage(test, browser, server.url + path, { context });
      assert.ok(html.includes(`<title>${title} · flightboard</title>`));
      assert.equal(await metaOf(page, "og:title"), title);
      assert.match(await metaOf(page, "og:description"), /As of \d\d:\d\d/);
      assert.equal(await metaOf(page, "description"), await metaOf(page, "og:description"));
      assert.equal(await metaOf(page, "og:url"), server.url + path);
      assert.equal(await metaOf(page, "twitter:card"), "summary_large_image");
      await checkImage(test, await metaOf(page, "og:image"), {
        type: await metaOf(page, "og:image:type"),
        width: Number(await metaOf(page, "og:image:width")),
        height: Number(await metaOf(page, "og:image:height")),
      });
    });
  }
});

/** The image is as the page says. */
async function checkImage(test, url, { type, width, height }) {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), type);
  const { page } = await openPage(test, browser, url);
  const size = await page
    .locator("img")
    .evaluate(({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight]);
  assert.deepEqual(size, [width, height]);
  assert.deepEqual(size, [1_200, 630]);
}
