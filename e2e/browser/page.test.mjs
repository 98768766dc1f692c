// Navigation, layout and the empty board.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connection, launch, shown, openPage } from "./chromium.mjs";
import { startDemo, startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const PHONE = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
};

describe("the page", { concurrency: 4 }, () => {
  it("switches to another board and back", async (test) => {
    const server = await startDemo(test);
    const { page } = await openPage(test, browser, server.url);
    await page.locator("[data-board=jfk]").click();
    await waitUntil(
      "the flights of the day are shown",
      async () => (await shown(page)).length > 10,
    );
    assert.equal(new URL(page.url()).pathname, "/boards/jfk");
    const header = (column) => page.locator(`[role=columnheader][data-column=${column}]`);
    assert.equal(await header("place").textContent(), "To");
    await waitUntilEqual(() => server.followers("main"), 0);
    assert.equal(await server.followers("jfk"), 1);

    await page.goBack();
    await page.locator("[data-flight=G119]").waitFor();
    assert.equal(await header("origin").textContent(), "Origin");
    await waitUntilEqual(() => server.followers("jfk"), 0);
  });

  it("shows the rows of its document without requests", async (test) => {
    const server = await startServer(test);
    await server.put("LH1", { destination: "FCO", departure: "2026-11-22T12:00:00Z" });
    await server.configure({ title: "Departures", kind: "departures" });
    const { page, recorded } = await openPage(test, browser, server.url);
    await page.locator("[data-flight=LH1]", { hasText: "Rome" }).waitFor();
    await page.locator("main[data-known]").waitFor();
    const isOfRows = (url) => /\/flights$|\/places\?/.test(url);
    assert.deepEqual(recorded.requests.filter(isOfRows), []);
  });

  it("keeps the board of its URL on a reload", async (test) => {
    const server = await startDemo(test);
    const { page } = await openPage(test, browser, `${server.url}/boards/jfk`);
    await page.locator("[data-flight]").first().waitFor();
    await page.reload();
    await page.locator("[data-flight]").first().waitFor();
    const current = page.locator("[data-board][aria-current=page]");
    assert.equal(await current.getAttribute("data-board"), "jfk");
  });

  it("gives its name as much room while it reconnects", async (test) => {
    const server = await startServer(test);
    await server.configure({ title: "Hong Kong Chek Lap Kok departures", airport: "HKG" });
    const { page } = await openPage(test, browser, server.url, { context: PHONE });
    await waitUntilEqual(() => connection(page), "live");
    await page.locator(".clock .now").waitFor();
    const roomOf = () => page.locator(".names").evaluate(({ clientWidth }) => clientWidth);
    const before = await roomOf();
    assert.ok(before > PHONE.viewport.width / 3, `${before} pixels`);
    await server.kill();
    await waitUntilEqual(() => connection(page), "reconnecting");
    assert.equal(await roomOf(), before);
  });

  it("fits a phone", async (test) => {
    const server = await startDemo(test);
    for (const board of ["main", "jfk"]) {
      const url = `${server.url}/boards/${board}`;
      const { page } = await openPage(test, browser, url, { context: PHONE });
      await waitUntil("rows are shown", async () => (await shown(page)).length > 1);
      const [content, screen] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.ok(content <= screen, `${board} is ${content} wide on a screen of ${screen}`);
    }
  });

  it("shows a working publish command on an empty board", async (test) => {
    const server = await startServer(test);
    const { page } = await openPage(test, browser, server.url);
    const command = await page.locator("details pre").textContent();
    const [, url] = /curl -X PUT '([^']+)'/.exec(command);
    const [, body] = /-d '([^']+)'/.exec(command);
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(url, { method: "PUT", headers, body });
    assert.equal(response.status, 201);
    await waitUntilEqual(
      () => shown(page),
      [{ flight: "I768", place: "Rome", state: "", gate: "" }],
    );
  });
});
