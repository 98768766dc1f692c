// The page without its server: its last rows, marked as such, and the next build of it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { connection, inChromium, launch, openPage } from "./chromium.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { startServer } from "./program.mjs";
import { TokenFile } from "./tokens.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const NOTICE = /^No connection\. These rows are as of \d\d:\d\d, (Sun|Mon|Tue|Wed|Thu|Fri|Sat) \d/;
const OTHER_BUILD = "ffffffffffff";

const rowsOf = (page) =>
  page
    .locator("[data-flight]")
    .evaluateAll((rows) => rows.map(({ dataset: { flight, state } }) => `${flight} ${state}`));

const noticeOf = (page) => page.locator(".stale-notice").textContent();

const isKnown = (page) =>
  page.locator(":is(main:not(.walls, .airport-boards), .rows)[data-known] .timetable").count();

/** Rows of a board are kept, and the page with them. */
async function waitUntilKept(page) {
  await waitUntilEqual(() => connection(page), "live");
  await page.evaluate(() => navigator.serviceWorker.ready);
}

/** The texts that the browser has kept. */
function keptTexts(page) {
  return page.evaluate(async () => {
    const texts = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) {
        const response = await cache.match(url);
        if (!url.includes("/assets/")) texts.push(`${name} ${url} ${await response.text()}`);
      }
    }
    return texts;
  });
}

async function startWithRow(test, ...args) {
  const server = await startServer(test, ...args);
  await server.putBoard({ title: "Arrivals", timeZone: "Asia/Hong_Kong", airport: "HKG" });
  const arrival = new Date(Date.now() + 1_200_000).toISOString();
  await server.put("I768", { origin: "Rome", arrival, state: "landing", belt: "5" });
  return server;
}

const buildOf = (page) => page.locator("meta[name=build]").getAttribute("content");

describe("without its server", { concurrency: 2 }, () => {
  for (const path of ["/", "/boards/main/wall", "/belts/5", "/airports/HKG"]) {
    it(`the page ${path} shows its last rows as such`, async (test) => {
      const server = await startWithRow(test);
      const { page, recorded } = await openPage(test, browser, server.url + path);
      await waitUntilKept(page);
      // The rows as of the end of the connection are kept too.
      await server.patch("I768", { gate: "7", state: "landed" });
      await waitUntilEqual(() => rowsOf(page), ["I768 landed"]);
      await server.kill();
      await waitUntilEqual(() => connection(page), "reconnecting");
      await page.reload();
      await waitUntilEqual(() => rowsOf(page), ["I768 landed"]);
      assert.match(await noticeOf(page), NOTICE);
      assert.equal(await connection(page), "reconnecting");
      assert.equal(await isKnown(page), 0);
      assert.deepEqual(await violations(page), []);

      const restarted = await server.restart();
      await restarted.patch("I768", { state: "at gate" });
      await waitUntilEqual(() => rowsOf(page), ["I768 at gate"]);
      await waitUntilEqual(() => connection(page), "live");
      await waitUntilEqual(() => isKnown(page), 1);
      assert.equal(await page.locator(".stale-notice").count(), 0);
      assert.deepEqual(recorded.errors, []);
    });
  }

  it("the page is there behind a proxy that answers for it", async (test) => {
    const server = await startWithRow(test);
    const proxy = await FaultProxy.to(test, server);
    const { page } = await openPage(test, browser, proxy.url);
    await waitUntilKept(page);
    await server.kill();
    await page.reload();
    await waitUntilEqual(() => rowsOf(page), ["I768 landing"]);
    assert.match(await noticeOf(page), NOTICE);
  });

  it("a board that was never shown has no rows", async (test) => {
    const server = await startWithRow(test);
    await server.configure({ title: "Hall" }, "hall");
    const { page } = await openPage(test, browser, server.url);
    await waitUntilKept(page);
    await server.kill();
    await page.goto(`${server.url}/boards/hall`);
    await page.getByText("The timetable has not arrived").waitFor();
    assert.deepEqual(await rowsOf(page), []);
  });

  it("the page works below a base path", async (test) => {
    const base = "/airport/board";
    const server = await startServer(test, "--base-path", base);
    await fetch(`${server.url}${base}/boards/main/flights/I768`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ origin: "Rome" }),
    });
    const { page } = await openPage(test, browser, `${server.url}${base}/`);
    await waitUntilKept(page);
    await server.kill();
    await page.reload();
    await waitUntilEqual(() => rowsOf(page), ["I768 "]);
    assert.match(await noticeOf(page), NOTICE);
  });
});

describe("a page that can be kept", { concurrency: 2 }, () => {
  it("gives way to a new build at once", async (test) => {
    const server = await startWithRow(test);
    const proxy = await FaultProxy.to(test, server);
    const { page } = await openPage(test, browser, proxy.url);
    await waitUntilKept(page);
    const caches = () => page.evaluate(() => window.caches.keys());
    const before = await buildOf(page);
    await waitUntilEqual(caches, ["flightboard-rows-1", `flightboard-page-${before}`]);
    proxy.build = OTHER_BUILD;
    await page.reload();
    assert.equal(await buildOf(page), OTHER_BUILD);
    await waitUntilEqual(caches, ["flightboard-rows-1", `flightboard-page-${OTHER_BUILD}`]);
    await server.kill();
    await page.reload();
    await waitUntilEqual(() => rowsOf(page), ["I768 landing"]);
    assert.equal(await buildOf(page), OTHER_BUILD);
  });

  it("has all its files", async (test) => {
    const server = await startWithRow(test);
    const { page } = await openPage(test, browser, server.url);
    await waitUntilKept(page);
    const filesNotKept = await page.evaluate(async () => {
      const text = await (await window.caches.match("/offline")).text();
      const kept = new DOMParser().parseFromString(text, "text/html");
      const files = kept.querySelectorAll("head > link[rel=stylesheet], script[src]");
      const urls = [...files].map((file) => file.getAttribute("src") ?? file.getAttribute("href"));
      const found = await Promise.all(urls.map((url) => window.caches.match(url)));
      return urls.filter((_, index) => found[index] === undefined);
    });
    assert.deepEqual(filesNotKept, []);
  });

  it("reloads itself for a new build", async (test) => {
    const server = await startWithRow(test);
    const proxy = await FaultProxy.to(test, server);
    const options = { before: "Math.random = () => 0" };
    const { page } = await openPage(test, browser, proxy.url, options);
    await waitUntilKept(page);
    proxy.build = OTHER_BUILD;
    await waitUntilEqual(() => buildOf(page), OTHER_BUILD);
    await waitUntilEqual(() => connection(page), "live");
  });

  inChromium("leaves data and streams to the server", async (test) => {
    const server = await startWithRow(test);
    const { page } = await openPage(test, browser, server.url);
    await waitUntilKept(page);
    const byWorker = [];
    page.on("response", (response) => {
      if (response.fromServiceWorker()) byWorker.push(new URL(response.url()).pathname);
    });
    await page.reload();
    await waitUntilEqual(() => connection(page), "live");
    await server.patch("I768", { state: "landed" });
    await waitUntilEqual(() => rowsOf(page), ["I768 landed"]);
    assert.deepEqual(byWorker, ["/"]);
  });

  it("keeps nothing of a private board", async (test) => {
    const tokens = await TokenFile.create(test);
    const publisher = await tokens.add("publisher", "publish=*");
    const screen = await tokens.add("screen", "follow=main");
    const server = await startServer(test, "--tokens", tokens.path);
    server.token = publisher;
    await server.put("I768", { origin: "Secret place" });
    const { page } = await openPage(test, browser, server.url);
    await waitUntilKept(page);
    const secrets = async () =>
      (await keptTexts(page)).filter((text) => text.includes("Secret place")).length;
    assert.equal(await secrets(), 1);
    await server.configure({ title: "Hall", private: true });
    await page.getByLabel("Token").waitFor();
    await waitUntilEqual(secrets, 0);
    await page.getByLabel("Token").fill(screen);
    await page.getByRole("button", { name: "Sign in" }).click();
    await waitUntilEqual(() => connection(page), "live");
    await server.kill();
    await waitUntilEqual(() => connection(page), "reconnecting");
    assert.equal(await secrets(), 0);
    await page.reload();
    await page.getByText("The timetable has not arrived").waitFor();
    assert.deepEqual(await rowsOf(page), []);
  });

  inChromium("can be installed", async (test) => {
    const server = await startWithRow(test);
    const { page } = await openPage(test, browser, server.url);
    await waitUntilKept(page);
    const session = await page.context().newCDPSession(page);
    const { manifest, errors } = await session.send("Page.getAppManifest");
    assert.deepEqual(errors, []);
    assert.equal(manifest.startUrl, `${server.url}/`);
    assert.equal(manifest.display, "kStandalone");
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // Contexts of tests are like private windows.
    const ids = installabilityErrors.map(({ errorId }) => errorId);
    assert.deepEqual(
      ids.filter((id) => id !== "in-incognito"),
      [],
    );
    for (const { url, sizes } of manifest.icons) {
      const size = await page.evaluate(async (url) => {
        const image = new Image();
        image.src = url;
        await image.decode();
        return `${image.naturalWidth}x${image.naturalHeight}`;
      }, url);
      assert.equal(size, sizes);
    }
    const touchIcon = page.locator("link[rel=apple-touch-icon]").evaluate(({ href }) => href);
    assert.equal((await fetch(await touchIcon)).headers.get("Content-Type"), "image/png");
  });

  inChromium("needs no secure context", async (test) => {
    const insecure = await launch({ args: ["--host-resolver-rules=MAP *.example 127.0.0.1"] });
    test.after(() => insecure.close());
    const server = await startWithRow(test);
    const url = `http://airport.example:${server.port}`;
    const { page, recorded } = await openPage(test, insecure, url);
    await waitUntilEqual(() => connection(page), "live");
    await waitUntil("no cache", () => page.evaluate(() => window.caches === undefined));
    assert.deepEqual(recorded.errors, []);
  });
});
