// A page that a load balancer moves from one replica to another misses nothing.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { expectedRows, connection, isStream, launch, shown, openPage } from "./chromium.mjs";
import { startNats } from "./nats.mjs";
import { startReplica } from "./program.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

it("a page resumes on another replica while flights change", async (test) => {
  const url = await startNats(test);
  const [one, other] = [await startReplica(test, url), await startReplica(test, url)];
  await one.put("A123", { origin: "London", arrival: "08:15" });
  await one.put("I768", { origin: "Rome", arrival: "10:10", gate: "A1" });
  const proxy = await FaultProxy.to(test, one);
  const { page, recorded } = await openPage(test, browser, proxy.url);
  await waitUntilEqual(() => shown(page), expectedRows(await one.rows()));
  await waitUntilEqual(() => connection(page), "live");
  const streams = [];
  page.on("response", (response) => {
    if (isStream(response.url())) streams.push(response.url());
  });

  // Back and forth, each time while updates come through the other replica.
  for (const [from, to, gate] of [
    [one, other, "B1"],
    [other, one, "B2"],
    [one, other, "B3"],
  ]) {
    const before = streams.length;
    await from.patch("I768", { gate: `${gate}-before` });
    proxy.switchTo(to);
    await from.patch("I768", { gate });
    await from.put(`G${gate}`, { origin: "Tokyo", arrival: "10:35" });
    await waitUntil("the page has reconnected", () => streams.length > before);
    await waitUntilEqual(() => shown(page), expectedRows(await to.rows()));
    await waitUntilEqual(() => connection(page), "live");
    assert.equal(await to.followers(), 1);
  }
  await one.kill();
  await other.patch("I768", { state: "landed" });
  await waitUntilEqual(() => shown(page), expectedRows(await other.rows()));
  assert.deepEqual(recorded.errors, []);
});
