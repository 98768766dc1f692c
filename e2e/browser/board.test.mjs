// The page against the program, with the browser's own EventSource and with the stand-in for it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { asShown, connection, isStream, launch, shown, visit } from "./chromium.mjs";
import { serve } from "./program.mjs";
import { LONGEST_RETRY_MILLIS, staysEqual, untilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const sixFlights = ["A123", "D654", "U213", "A987", "I768", "G119"];

const ways = [
  { way: "the browser's own EventSource", usesStandIn: false },
  {
    way: "no EventSource in the browser",
    usesStandIn: true,
    before: () => delete window.EventSource,
  },
];

for (const { way, usesStandIn, before } of ways) {
  describe(way, { concurrency: 4 }, () => {
    it("shows a landing, and closes for good with the board", async (test) => {
      const server = await serve(test);
      const { page, seen } = await visit(test, browser, server.url, { before });
      await untilEqual(() => connection(page), "live");
      const states = await watchStates(page, "I768");
      const played = server.feed("sample", "--once", "--speed", "2");
      await untilEqual(async () => (await shown(page)).map(({ flight }) => flight), sixFlights);
      await played;

      await untilEqual(() => connection(page), "closed");
      assert.deepEqual(await states(), ["gone", "", "landing", "landed", "gone"]);
      assert.match(
        await page.locator("[data-connection]").innerText(),
        /^Closed: the sample is over/,
      );
      assert.equal(await page.getByRole("button").count(), 0, "nothing is left to stop or resume");
      await staysEqual(() => seen.requests.filter(isStream).length, 1, LONGEST_RETRY_MILLIS);
      assert.deepEqual(seen.faults, []);
    });

    it("stops, lets go of the server, and resumes without a gap", async (test) => {
      const server = await withRows(test);
      const { page, seen } = await visit(test, browser, server.url, { before });
      await untilEqual(() => shown(page), asShown(await server.rows()));
      assert.equal(await server.followers(), 1);

      await page.getByRole("button", { name: "Stop updates" }).click();
      await untilEqual(() => connection(page), "stopped");
      await untilEqual(() => server.followers(), 0);
      const stopped = await shown(page);
      await server.patch("I768", { state: "landed", gate: "B7" });
      await server.remove("A123");
      await server.put("G119", { origin: "Tokyo", arrival: "10:35" });
      assert.deepEqual(await shown(page), stopped);

      await page.getByRole("button", { name: "Resume" }).click();
      await untilEqual(() => shown(page), asShown(await server.rows()));
      await untilEqual(() => connection(page), "live");
      assert.equal(await server.followers(), 1);
      const last = seen.requests.findLast(isStream);
      assert.match(last, /[?&]lastEventId=[0-9a-f]{8}-\d+/, "it says where it was");
      assert.deepEqual(seen.faults, []);
    });

    it("ends with the right rows after the server was killed and started again", async (test) => {
      const server = await withRows(test);
      const { page, seen } = await visit(test, browser, server.url, { before });
      await untilEqual(() => shown(page), asShown(await server.rows()));
      await page.evaluate(() => (window.neverReloaded = true));

      await server.patch("I768", { state: "landing" });
      await server.kill();
      await untilEqual(() => connection(page), "reconnecting");
      const again = await server.again();
      await again.patch("I768", { state: "landed", gate: "B7" });
      await again.remove("A123");
      await again.put("G119", { origin: "Tokyo", arrival: "10:35" });

      await untilEqual(() => shown(page), asShown(await again.rows()));
      await untilEqual(() => connection(page), "live");
      await again.patch("I768", { state: "at gate" });
      await untilEqual(() => shown(page), asShown(await again.rows()));
      assert.equal(await page.evaluate(() => window.neverReloaded), true);
      assert.deepEqual(seen.faults, []);
    });

    it(`fetches the stand-in ${usesStandIn ? "once" : "never"}`, async (test) => {
      const server = await withRows(test);
      const { page, seen } = await visit(test, browser, server.url, { before });
      await untilEqual(() => connection(page), "live");
      const texts = await Promise.all(seen.scripts.map((script) => script.text()));
      // An option of the stand-in that nothing else knows.
      const standIns = texts.filter((text) => text.includes("heartbeatTimeout"));
      assert.ok(texts.length > 0);
      assert.equal(standIns.length, usesStandIn ? 1 : 0);
    });
  });
}

async function withRows(test) {
  const server = await serve(test);
  await server.put("A123", { origin: "London", arrival: "08:15" });
  await server.put("I768", { origin: "Rome", arrival: "10:10", gate: "A1" });
  return server;
}

/** Keeps each state that a row takes, however short, and "gone" when there is no such row. */
async function watchStates(page, flight) {
  await page.evaluate((flight) => {
    const look = () =>
      document.querySelector(`tr[data-flight="${flight}"]`)?.dataset.state ?? "gone";
    window.states = [look()];
    new MutationObserver(() => {
      const state = look();
      if (window.states.at(-1) !== state) window.states.push(state);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  }, flight);
  return () => page.evaluate(() => window.states);
}
