// A page that comes from one replica to another, as a balancer sends it there, misses nothing.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { asShown, connection, isStream, launch, shown, visit } from "./chromium.mjs";
import { nats } from "./nats.mjs";
import { serveOn } from "./program.mjs";
import { Proxy } from "./proxy.mjs";
import { until, untilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

it("a page goes on at another replica while flights change", async (test) => {
  const url = await nats(test);
  const [one, other] = [await serveOn(test, url), await serveOn(test, url)];
  await one.put("A123", { origin: "London", arrival: "08:15" });
  await one.put("I768", { origin: "Rome", arrival: "10:10", gate: "A1" });
  const proxy = await Proxy.to(test, one);
  const { page, seen } = await visit(test, browser, proxy.url);
  await untilEqual(() => shown(page), asShown(await one.rows()));
  await untilEqual(() => connection(page), "live");
  const bodies = [];
  page.on("response", (response) => {
    if (isStream(response.url())) bodies.push(response.url());
  });

  // To and fro, each time while changes come through the replica that it is not on.
  for (const [from, to, gate] of [
    [one, other, "B1"],
    [other, one, "B2"],
    [one, other, "B3"],
  ]) {
    const before = bodies.length;
    await from.patch("I768", { gate: `${gate}-before` });
    proxy.switchTo(to);
    await from.patch("I768", { gate });
    await from.put(`G${gate}`, { origin: "Tokyo", arrival: "10:35" });
    await until("it is on the other", () => bodies.length > before);
    await untilEqual(() => shown(page), asShown(await to.rows()));
    await untilEqual(() => connection(page), "live");
    assert.equal(await to.followers(), 1);
  }
  await one.kill();
  await other.patch("I768", { state: "landed" });
  await untilEqual(() => shown(page), asShown(await other.rows()));
  assert.deepEqual(seen.faults, []);
});
