// The tabs of one browser share one stream of a board.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connection, expectedRows, inChromium, launch, shown } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { assertStaysEqual, waitUntil, waitUntilEqual, WAIT_TIMEOUT_MILLIS } from "./wait.mjs";

/** More than a browser's six connections to one host. */
const TABS = 10;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A board with one row, and tabs that show it. The first one opens the stream. */
async function openTabs(test, count) {
  const server = await startServer(test);
  await server.put("I768", { origin: "Rome", arrival: "10:10" });
  const context = await browser.newContext();
  test.after(() => context.close());
  context.setDefaultTimeout(WAIT_TIMEOUT_MILLIS);
  const pages = [];
  while (pages.length < count) {
    const page = await context.newPage();
    await page.goto(server.url);
    await waitUntilEqual(() => connection(page), "live");
    pages.push(page);
  }
  return { server, pages };
}

/** Records each connection state that the page shows from now on, however short. */
function recordConnections(page) {
  return page.evaluate(() => {
    const read = () => document.querySelector("[data-connection]").dataset.connection;
    window.connections = [read()];
    new MutationObserver(() => {
      if (read() !== window.connections.at(-1)) window.connections.push(read());
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
}

const gateOf = async (page) => (await shown(page))[0]?.gate;

describe("tabs of one origin", { concurrency: 2 }, () => {
  it("are all live with one stream", async (test) => {
    const { server, pages } = await openTabs(test, TABS);
    assert.equal(await server.followers(), 1);
    await server.patch("I768", { gate: "B7" });
    const rows = expectedRows(await server.rows());
    for (const page of pages) await waitUntilEqual(() => shown(page), rows);
    for (const page of pages) assert.equal(await connection(page), "live");
    assert.equal(await server.followers(), 1);
  });

  it("are live without a gap when the first one closes", async (test) => {
    const { server, pages } = await openTabs(test, TABS);
    const [first, ...others] = pages;
    for (const page of others) await recordConnections(page);
    let gate = 0;
    const change = () => server.patch("I768", { gate: `B${(gate += 1)}` });
    await change();
    const closed = first.close();
    for (let turn = 0; turn < 20; turn += 1) await change();
    await closed;
    await waitUntilEqual(() => server.followers(), 1);
    await change();
    for (const page of others) {
      await waitUntilEqual(() => gateOf(page), `B${gate}`);
      assert.deepEqual(await page.evaluate(() => window.connections), ["live"]);
    }
    assert.equal(await server.followers(), 1);
  });

  // Firefox refuses to open its own page for crashes on behalf of a test.
  inChromium("continue after a crash of the first one", async (test) => {
    const { server, pages } = await openTabs(test, 3);
    const [first, ...others] = pages;
    // The renderer ends without any event for its page.
    first.goto("chrome://crash").catch(() => undefined);
    await new Promise((crashed) => first.once("crash", crashed));
    await server.patch("I768", { gate: "B7" });
    for (const page of others) await waitUntilEqual(() => gateOf(page), "B7");
    await waitUntilEqual(() => server.followers(), 1);
    for (const page of others) await waitUntilEqual(() => connection(page), "live");
  });

  it("replace the first one if it hangs", async (test) => {
    const { server, pages } = await openTabs(test, 2);
    const [first, other] = pages;
    // It holds the lock and its stream, and passes nothing on.
    const hung = first.waitForEvent("console");
    first
      .evaluate(() => {
        console.log("hangs");
        for (;;);
      })
      .catch(() => undefined);
    await hung;
    await server.patch("I768", { gate: "B7" });
    await waitUntilEqual(() => gateOf(other), "B7", 2 * WAIT_TIMEOUT_MILLIS);
    await waitUntilEqual(() => connection(other), "live");
  });

  it("stop one by one", async (test) => {
    const { server, pages } = await openTabs(test, 2);
    const [first, other] = pages;
    await first.getByRole("button", { name: "Stop updates" }).click();
    await server.patch("I768", { gate: "B7" });
    await waitUntilEqual(() => gateOf(other), "B7");
    assert.deepEqual([await connection(first), await gateOf(first)], ["stopped", ""]);
    await first.getByRole("button", { name: "Resume" }).click();
    await waitUntilEqual(() => gateOf(first), "B7");
    await waitUntilEqual(() => connection(first), "live");
    assert.equal(await server.followers(), 1);
  });
});
