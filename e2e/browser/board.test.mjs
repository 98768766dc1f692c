// The page with the real program, with the browser's own EventSource and with the polyfill.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { expectedRows, connection, isStream, launch, shown, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { MAX_RETRY_MILLIS, assertStaysEqual, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const sixFlights = ["A123", "D654", "U213", "A987", "I768", "G119"];

const implementations = [
  { name: "the browser's own EventSource", usesPolyfill: false },
  {
    name: "no EventSource in the browser",
    usesPolyfill: true,
    before: () => delete window.EventSource,
  },
];

for (const { name, usesPolyfill, before } of implementations) {
  describe(name, { concurrency: 4 }, () => {
    it("shows a landing and closes with the board", async (test) => {
      const server = await startServer(test);
      const { page, recorded } = await openPage(test, browser, server.url, { before });
      await waitUntilEqual(() => connection(page), "live");
      const states = await recordStates(page, "I768");
      const feed = server.feed("sample", "--once", "--speed", "2");
      // Their times have no date, so their order depends on the hour.
      const numbers = async () => (await shown(page)).map(({ flight }) => flight).toSorted();
      await waitUntilEqual(numbers, sixFlights.toSorted());
      await feed;

      await waitUntilEqual(() => connection(page), "closed");
      assert.deepEqual(await states(), ["gone", "", "landing", "landed", "gone"]);
      assert.match(
        await page.locator("[data-connection]").innerText(),
        /^Closed: the sample is over/,
      );
      assert.equal(await page.getByRole("button").count(), 0, "no button to stop or resume");
      await assertStaysEqual(() => recorded.requests.filter(isStream).length, 1, MAX_RETRY_MILLIS);
      assert.deepEqual(recorded.errors, []);
    });

    it("stops, disconnects and resumes without a gap", async (test) => {
      const server = await withRows(test);
      const { page, recorded } = await openPage(test, browser, server.url, { before });
      await waitUntilEqual(() => shown(page), expectedRows(await server.rows()));
      // The rows are there before the stream.
      await waitUntilEqual(() => server.followers(), 1);

      await page.getByRole("button", { name: "Stop updates" }).click();
      await waitUntilEqual(() => connection(page), "stopped");
      await waitUntilEqual(() => server.followers(), 0);
      const stopped = await shown(page);
      await server.patch("I768", { state: "landed", gate: "B7" });
      await server.remove("A123");
      await server.put("G119", { origin: "Tokyo", arrival: "10:35" });
      assert.deepEqual(await shown(page), stopped);

      await page.getByRole("button", { name: "Resume" }).click();
      await waitUntilEqual(() => shown(page), expectedRows(await server.rows()));
      await waitUntilEqual(() => connection(page), "live");
      assert.equal(await server.followers(), 1);
      const last = recorded.requests.findLast(isStream);
      assert.match(last, /[?&]lastEventId=[0-9a-f]{8}-\d+/, "the URL has the last event id");
      assert.deepEqual(recorded.errors, []);
    });

    it("has the right rows after a server restart", async (test) => {
      const server = await withRows(test);
      const { page, recorded } = await openPage(test, browser, server.url, { before });
      await waitUntilEqual(() => shown(page), expectedRows(await server.rows()));
      await page.evaluate(() => (window.neverReloaded = true));

      await server.patch("I768", { state: "landing" });
      await server.kill();
      await waitUntilEqual(() => connection(page), "reconnecting");
      const restarted = await server.restart();
      await restarted.patch("I768", { state: "landed", gate: "B7" });
      await restarted.remove("A123");
      await restarted.put("G119", { origin: "Tokyo", arrival: "10:35" });

      await waitUntilEqual(() => shown(page), expectedRows(await restarted.rows()));
      await waitUntilEqual(() => connection(page), "live");
      await restarted.patch("I768", { state: "at gate" });
      await waitUntilEqual(() => shown(page), expectedRows(await restarted.rows()));
      assert.equal(await page.evaluate(() => window.neverReloaded), true);
      assert.deepEqual(recorded.errors, []);
    });

    it(`fetches the polyfill ${usesPolyfill ? "once" : "never"}`, async (test) => {
      const server = await withRows(test);
      const { page, recorded } = await openPage(test, browser, server.url, { before });
      await waitUntilEqual(() => connection(page), "live");
      const texts = await Promise.all(recorded.scripts.map((script) => script.text()));
      // An option name that appears only in the polyfill.
      const polyfills = texts.filter((text) => text.includes("heartbeatTimeout"));
      assert.ok(texts.length > 0);
      assert.equal(polyfills.length, usesPolyfill ? 1 : 0);
    });
  });
}

async function withRows(test) {
  const server = await startServer(test);
  await server.put("A123", { origin: "London", arrival: "08:15" });
  await server.put("I768", { origin: "Rome", arrival: "10:10", gate: "A1" });
  return server;
}

/** Records each state of a row, however short, and "gone" while the row is absent. */
async function recordStates(page, flight) {
  await page.evaluate((flight) => {
    const readState = () =>
      document.querySelector(`[data-flight="${flight}"]`)?.dataset.state ?? "gone";
    window.states = [readState()];
    new MutationObserver(() => {
      const state = readState();
      if (window.states.at(-1) !== state) window.states.push(state);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  }, flight);
  return () => page.evaluate(() => window.states);
}
