// The page's connection behind proxies, on a closed board, and with a server of a later version.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connection, expectedRows, isStream, launch, openPage, shown } from "./chromium.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { startServer } from "./program.mjs";
import { assertStaysEqual, waitUntil, waitUntilEqual } from "./wait.mjs";

/** Two heartbeats and the time in which a gap would show. */
const TWO_HEARTBEATS_MILLIS = 33_000;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

describe("the page", { concurrency: 8 }, () => {
  it("passes over events of unknown names", async (test) => {
    const { server, page, proxy, recorded } = await openBoard(test);
    proxy.change = (event) => event.replace("event: boardUpdate\n", "event: ofALaterVersion\n");
    await server.putBoard({ note: "Snow" });
    await assertStaysEqual(() => connection(page), "live", TWO_HEARTBEATS_MILLIS);
    assert.equal(recorded.requests.filter(isStream).length, 1);
    await server.patch("I768", { state: "landed" });
    await waitUntilEqual(() => shown(page), expectedRows(await server.rows()));
  });

  it("makes no request after a reconnect", async (test) => {
    const { page, proxy, recorded } = await openBoard(test);
    // The page keeps its files for times without a server.
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    const before = recorded.requests.length;
    const responded = page.waitForResponse((response) => isStream(response.url()));
    proxy.cut();
    await responded;
    await waitUntilEqual(() => connection(page), "live");
    // Chromium reports its own reconnects only with the URL of the stream, and Firefox asks for icons when it has time.
    const isExpected = (url) => isStream(url) || url.endsWith(".png") || url.endsWith(".svg");
    assert.deepEqual(
      recorded.requests.slice(before).filter((url) => !isExpected(url)),
      [],
    );
  });

  it("reloads once for another build", async (test) => {
    const { page, proxy } = await openBoard(test, { before: "Math.random = () => 0" });
    let loads = 0;
    page.on("load", () => (loads += 1));
    proxy.change = (event) => event.replace(/"build":"[0-9a-f]+"/, '"build":"ffffffffffff"');
    await waitUntilEqual(() => loads, 1);
    await waitUntilEqual(() => connection(page), "live");
    // The new page has the old build, as behind a proxy that keeps the old page.
    await assertStaysEqual(() => loads, 1, TWO_HEARTBEATS_MILLIS);
  });

  it("tells of a timetable that is held back", async (test) => {
    const server = await startServer(test);
    const proxy = await FaultProxy.to(test, server);
    proxy.hold("streams");
    const { page } = await openPage(test, browser, proxy.url);
    await waitUntilEqual(() => connection(page), "reconnecting");
    await page.getByText("The timetable has not arrived").waitFor();
    proxy.release("streams");
    await waitUntilEqual(() => connection(page), "live");
  });

  for (const status of [200, 404]) {
    it(`keeps its rows when a portal answers ${status}`, async (test) => {
      const { server, page, proxy } = await openBoard(test);
      proxy.ownStatus = status;
      // The page asks for its board once the browser has given up.
      const refused = page.waitForResponse((response) => response.url().endsWith("/boards/main"));
      proxy.cut();
      await waitUntilEqual(() => connection(page), "reconnecting");
      await refused;
      await assertStaysEqual(() => connection(page), "reconnecting", 10_000);
      assert.deepEqual(await shown(page), expectedRows(await server.rows()));
      proxy.ownStatus = undefined;
      await waitUntilEqual(() => connection(page), "live");
    });
  }

  it("follows a board that is opened again", async (test) => {
    const { server, page } = await openBoard(test);
    await server.closeBoard();
    await waitUntilEqual(() => connection(page), "closed");
    await server.putBoard({ title: "Tomorrow" });
    await server.put("G119", { origin: "Tokyo", arrival: "10:35" });
    await waitUntilEqual(() => connection(page), "live");
    await waitUntilEqual(() => shown(page), expectedRows(await server.rows()));
    assert.equal(await page.locator("h1").innerText(), "Tomorrow");
  });
});

/** Opens a page with one row behind a proxy and waits until it is live. */
async function openBoard(test, options) {
  const server = await startServer(test);
  await server.put("I768", { origin: "Rome", arrival: "10:10" });
  const proxy = await FaultProxy.to(test, server);
  const { page, recorded } = await openPage(test, browser, proxy.url, options);
  await waitUntil("the page is live", async () => (await connection(page)) === "live");
  return { server, page, proxy, recorded };
}
