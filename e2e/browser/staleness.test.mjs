// A page shows the rows as they are, or says that it does not know: whatever is between it and the server,
// wherever it was meanwhile, and whichever server comes back.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { asShown, connection, elsewhere, isStream, launch, shown, visit } from "./chromium.mjs";
import { serve } from "./program.mjs";
import { Proxy } from "./proxy.mjs";
import { openWindow } from "./tabs.mjs";
import { until, untilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

// Most of these wait for heartbeats, and wait together.
describe("a page that may be wrong says so", { concurrency: 16 }, () => {
  it("when nothing comes any more", async (test) => {
    const { server, page, proxy } = await followedThroughProxy(test);
    const old = await rowsOf(page);
    proxy.hold("all");
    await change(server);
    await untilEqual(() => connection(page), "stale");
    assert.match(
      await page.locator("[data-connection]").innerText(),
      /^Stale since \d\d:\d\d:\d\d/,
    );
    assert.match(await page.locator(".stale-notice").innerText(), /What has changed since is not known/);
    assert.deepEqual(await rowsOf(page), old, "the old rows are still to be read");
    proxy.letGo("all");
    await isRightOnceLive(page, server);
  });

  it("when a proxy answers, and holds the events back", async (test) => {
    const { server, page, proxy } = await followedThroughProxy(test);
    const sightings = await watch(page);
    proxy.hold("streams");
    const answered = page.waitForResponse((response) => isStream(response.url()));
    proxy.cut();
    await change(server);
    await answered;
    await untilEqual(() => connection(page), "reconnecting");
    proxy.letGo("streams");
    await isRightOnceLive(page, server);
    onlyRightWhenLive(await sightings());
  });

  it("when a single event was swallowed, as soon as a heartbeat tells", async (test) => {
    const { server, page, proxy, seen } = await followedThroughProxy(test);
    proxy.swallowNext("flightStateUpdate");
    await server.patch("I768", { state: "landed", gate: "B7" });
    await until("the event is swallowed", () => proxy.swallowed === 1);
    assert.equal(await connection(page), "live", "nobody has told it yet");
    await untilEqual(() => rowsOf(page), asShown(await server.rows()));
    await isRightOnceLive(page, server);
    assert.match(seen.requests.findLast(isStream), /[?&]lastEventId=[0-9a-f]{8}-\d+/);
  });

  it("when a proxy answers 502, which ends an EventSource for good", async (test) => {
    const { server, page, proxy } = await followedThroughProxy(test);
    const sightings = await watch(page);
    const refused = page.waitForResponse((response) => response.status() === 502);
    await server.kill();
    await refused;
    await untilEqual(() => connection(page), "reconnecting");
    proxy.hold("all");
    const again = await server.again();
    await change(again);
    proxy.letGo("all");
    await isRightOnceLive(page, again);
    onlyRightWhenLive(await sightings());
  });

  it("when the server comes back with nothing", async (test) => {
    const { server, page } = await followed(test);
    await server.kill();
    await untilEqual(() => connection(page), "reconnecting");
    await removeJournal(server.journal);
    const again = await server.again();
    await isRightOnceLive(page, again);
    assert.deepEqual(await rowsOf(page), []);
    await page.getByText("No flights").waitFor();
    await again.put("U213", { origin: "New York", arrival: "09:05" });
    await untilEqual(() => rowsOf(page), asShown(await again.rows()));
  });

  it("when the server comes back with an older copy of its journal", async (test) => {
    const server = await withRows(test);
    await server.kill();
    await copyJournal(server.journal, copyOf(server.journal));
    const newer = await server.again();
    const { page } = await visit(test, browser, newer.url);
    await isRightOnceLive(page, newer);
    await change(newer);
    await untilEqual(() => rowsOf(page), asShown(await newer.rows()));

    await newer.kill();
    await untilEqual(() => connection(page), "reconnecting");
    await removeJournal(server.journal);
    await copyJournal(copyOf(server.journal), server.journal);
    const again = await server.again();
    // The same numbers are given a second time, for something else.
    await again.put("U213", { origin: "New York", arrival: "09:05" });
    await again.patch("A123", { state: "cancelled" });
    await again.patch("I768", { gate: "C3" });
    await untilEqual(() => rowsOf(page), asShown(await again.rows()));
    await isRightOnceLive(page, again);
  });
});

describe("a page that was away comes back to the right rows", { concurrency: 8 }, () => {
  it("from the back/forward cache", async (test) => {
    const cached = await launch({
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
    test.after(() => cached.close());
    const { server, page } = await followed(test, cached);
    await page.evaluate(() => {
      window.addEventListener("pageshow", ({ persisted }) => (window.persisted = persisted));
    });
    await page.goto(await elsewhere(test, "<!doctype html><title>Elsewhere</title>"));
    await untilEqual(() => server.followers(), 0);
    await change(server);
    // `goBack` waits for a loading that does not come.
    await page.evaluate(() => history.back()).catch(() => {});
    await untilEqual(() => page.evaluate(() => window.persisted).catch(() => {}), true);
    await isRightOnceLive(page, server);
    assert.equal(await server.followers(), 1);
  });

  it("from a hidden tab", async (test) => {
    const server = await withRows(test);
    const window = await openWindow(test, browser);
    const page = await window.tab(server.url);
    await isRightOnceLive(page, server);
    await window.tab("about:blank");
    await untilEqual(() => visibility(page), "hidden");
    await change(server);
    await page.bringToFront();
    await untilEqual(() => visibility(page), "visible");
    await untilEqual(() => rowsOf(page), asShown(await server.rows()));
    await isRightOnceLive(page, server);
  });

  it("from a hidden tab that was frozen", async (test) => {
    const server = await withRows(test);
    const window = await openWindow(test, browser);
    const page = await window.tab(server.url);
    await isRightOnceLive(page, server);
    const sightings = await watch(page);
    await window.tab("about:blank");
    await untilEqual(() => visibility(page), "hidden");
    await page.become("frozen");
    // It says so before it is frozen: nothing that it shows later is taken for the truth.
    assert.equal((await page.evaluate(takeSight)).connection, "reconnecting");
    await change(server);
    await page.become("active");
    await page.bringToFront();
    await isRightOnceLive(page, server);
    onlyRightWhenLive(await sightings());
  });

  it("from a hidden tab in which it was opened", async (test) => {
    const server = await withRows(test);
    const window = await openWindow(test, browser);
    const page = await window.tab(server.url);
    const front = await window.tab("about:blank");
    await untilEqual(() => visibility(page), "hidden");
    await page.reload();
    await isRightOnceLive(page, server);
    await change(server);
    await untilEqual(() => visibility(page), "hidden");
    await page.bringToFront();
    await untilEqual(() => rowsOf(page), asShown(await server.rows()));
    await isRightOnceLive(page, server);
    await untilEqual(() => visibility(front), "hidden");
  });

  it("from a network that was away", async (test) => {
    const { server, page, proxy } = await followedThroughProxy(test);
    const sightings = await watch(page);
    proxy.hold("all");
    await page.context().setOffline(true);
    await change(server);
    // The old stream hangs on a network that is gone; the new one is slow to say what was missed.
    proxy.lose("all");
    proxy.hold("streams");
    const answered = page.waitForResponse((response) => isStream(response.url()));
    await page.context().setOffline(false);
    await answered;
    await untilEqual(() => connection(page), "reconnecting");
    proxy.letGo("streams");
    await untilEqual(() => rowsOf(page), asShown(await server.rows()));
    await isRightOnceLive(page, server);
    onlyRightWhenLive(await sightings());
  });
});

async function withRows(test) {
  const server = await serve(test);
  await server.put("A123", { origin: "London", arrival: "08:15" });
  await server.put("I768", { origin: "Rome", arrival: "10:10", gate: "A1" });
  return server;
}

/** A page that shows the rows of a server of its own, live. */
async function followed(test, inBrowser = browser, through = async (server) => server) {
  const server = await withRows(test);
  const proxy = await through(server);
  const { page, seen } = await visit(test, inBrowser, proxy.url);
  await isRightOnceLive(page, server);
  return { server, page, proxy, seen };
}

function followedThroughProxy(test) {
  return followed(test, browser, (server) => Proxy.to(test, server));
}

/** One of each kind. The last of them puts `G119`, so that a page with it has all. */
async function change(server) {
  await server.patch("I768", { state: "landed", gate: "B7" });
  await server.remove("A123");
  await server.put("G119", { origin: "Tokyo", arrival: "10:35" });
}

/** The moment at which it says that it knows, it is right. */
async function isRightOnceLive(page, server) {
  const sight = await until("the page is live", async () => {
    const sight = await page.evaluate(takeSight);
    return sight?.connection === "live" && sight;
  });
  assert.deepEqual(sight, { connection: "live", doubts: 0, rows: asShown(await server.rows()) });
}

async function rowsOf(page) {
  return (await page.evaluate(takeSight)).rows;
}

function visibility(page) {
  return page.evaluate(() => document.visibilityState);
}

/** All that is to be seen in one moment. */
function takeSight() {
  const rows = [...document.querySelectorAll("tr[data-flight]")].map((row) => ({
    flight: row.dataset.flight,
    place: row.querySelector("[data-column=place] .place")?.textContent,
    state: row.dataset.state,
    gate: row.querySelector("[data-column=gate]")?.textContent ?? "",
  }));
  const connection = document.querySelector("[data-connection]")?.dataset.connection;
  return { connection, doubts: document.querySelectorAll(".stale-notice").length, rows };
}

/** Keeps all that is to be seen from now on, however short. */
async function watch(page) {
  await page.evaluate(
    new Function(`
      ${takeSight}
      window.sightings = [takeSight()];
      const look = () => window.sightings.push(takeSight());
      const everything = { subtree: true, childList: true, attributes: true };
      new MutationObserver(look).observe(document.body, everything);`),
  );
  return () => page.evaluate(() => window.sightings);
}

/** Once it has doubted, it is live with the last rows only: nothing changed after that. */
function onlyRightWhenLive(sightings) {
  const doubted = sightings.slice(sightings.findIndex(({ connection }) => connection !== "live"));
  const { rows } = doubted.at(-1);
  for (const sight of doubted.filter(({ connection }) => connection === "live")) {
    assert.deepEqual(sight, { connection: "live", doubts: 0, rows });
  }
}

const copyOf = (journal) => `${journal}.copy`;

/** After a kill, what was written last is in the file beside the journal. */
const BESIDE = ["", "-wal", "-shm"];

async function copyJournal(from, to) {
  for (const beside of BESIDE) {
    if (existsSync(from + beside)) await copyFile(from + beside, to + beside);
  }
}

async function removeJournal(journal) {
  for (const beside of BESIDE) await rm(journal + beside, { force: true });
}
