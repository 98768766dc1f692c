// A page shows the current rows or says that it may be stale: with any proxy in between, after any absence, and
// with any journal after a restart.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import {
  expectedRows,
  connection,
  inChromium,
  isFirefox,
  servePage,
  isStream,
  launch,
  shown,
  openPage,
} from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { openWindow } from "./tabs.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

// Most of these tests wait for heartbeats, so they run concurrently.
describe("a page that may be stale says so", { concurrency: 16 }, () => {
  it("when no bytes arrive", async (test) => {
    const { server, page, proxy } = await openBoardThroughProxy(test);
    const old = await rowsOf(page);
    proxy.hold("all");
    await change(server);
    await waitUntilEqual(() => connection(page), "stale");
    assert.match(
      await page.locator("[data-connection]").innerText(),
      /^Stale since \d\d:\d\d:\d\d/,
    );
    assert.match(
      await page.locator(".stale-notice").innerText(),
      /What has changed since is not known/,
    );
    assert.deepEqual(await rowsOf(page), old, "the old rows are still shown");
    proxy.release("all");
    await assertLiveRows(page, server);
  });

  it("when a proxy answers and holds the events", async (test) => {
    const { server, page, proxy } = await openBoardThroughProxy(test);
    const snapshots = await recordSnapshots(page);
    proxy.hold("streams");
    const { streams } = proxy;
    proxy.cut();
    await change(server);
    await waitUntil("another stream is answered", () => proxy.streams > streams);
    await waitUntilEqual(() => connection(page), "reconnecting");
    proxy.release("streams");
    await assertLiveRows(page, server);
    assertNoWrongLiveRows(await snapshots());
  });

  it("when one event was dropped, at the next heartbeat", async (test) => {
    const { server, page, proxy, recorded } = await openBoardThroughProxy(test);
    proxy.dropNext("flightStateUpdate");
    await server.patch("I768", { state: "landed", gate: "B7" });
    await waitUntil("the event is dropped", () => proxy.dropped === 1);
    assert.equal(await connection(page), "live", "no heartbeat has arrived yet");
    await waitUntilEqual(() => rowsOf(page), expectedRows(await server.rows()));
    await assertLiveRows(page, server);
    assert.match(recorded.requests.findLast(isStream), /[?&]lastEventId=[0-9a-f]{8}-\d+/);
  });

  it("when a proxy answers 502, which ends an EventSource for good", async (test) => {
    const { server, page, proxy } = await openBoardThroughProxy(test);
    const snapshots = await recordSnapshots(page);
    const badGateway = page.waitForResponse((response) => response.status() === 502);
    await server.kill();
    await badGateway;
    await waitUntilEqual(() => connection(page), "reconnecting");
    proxy.hold("all");
    const restarted = await server.restart();
    await change(restarted);
    proxy.release("all");
    await assertLiveRows(page, restarted);
    assertNoWrongLiveRows(await snapshots());
  });

  it("when the server restarts with an empty journal", async (test) => {
    const { server, page } = await openBoard(test);
    await server.kill();
    await waitUntilEqual(() => connection(page), "reconnecting");
    await removeJournal(server.journal);
    const restarted = await server.restart();
    await assertLiveRows(page, restarted);
    assert.deepEqual(await rowsOf(page), []);
    await page.getByText("No flights").waitFor();
    await restarted.put("U213", { origin: "New York", arrival: "09:05" });
    await waitUntilEqual(() => rowsOf(page), expectedRows(await restarted.rows()));
  });

  it("when the server restarts with an older copy of its journal", async (test) => {
    const server = await withRows(test);
    await server.kill();
    await copyJournal(server.journal, copyOf(server.journal));
    const newer = await server.restart();
    const { page } = await openPage(test, browser, newer.url);
    await assertLiveRows(page, newer);
    await change(newer);
    await waitUntilEqual(() => rowsOf(page), expectedRows(await newer.rows()));

    await newer.kill();
    await waitUntilEqual(() => connection(page), "reconnecting");
    await removeJournal(server.journal);
    await copyJournal(copyOf(server.journal), server.journal);
    const restarted = await server.restart();
    // The same sequence numbers now name other records.
    await restarted.put("U213", { origin: "New York", arrival: "09:05" });
    await restarted.patch("A123", { state: "cancelled" });
    await restarted.patch("I768", { gate: "C3" });
    await waitUntilEqual(() => rowsOf(page), expectedRows(await restarted.rows()));
    await assertLiveRows(page, restarted);
  });
});

describe("a page that was away returns to the right rows", { concurrency: 8 }, () => {
  inChromium("from the back/forward cache", async (test) => {
    const cached = await launch({
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
    test.after(() => cached.close());
    const { server, page } = await openBoard(test, cached);
    // A page that a service worker takes over loses its place in the cache.
    await waitUntil("the worker is at work", () =>
      page.evaluate(() => navigator.serviceWorker.controller?.state === "activated"),
    );
    await page.evaluate(() => {
      window.addEventListener("pageshow", ({ persisted }) => (window.persisted = persisted));
    });
    await page.goto(await servePage(test, "<!doctype html><title>Elsewhere</title>"));
    await waitUntilEqual(() => server.followers(), 0);
    await change(server);
    // `goBack` waits for a load event that does not come.
    await page.evaluate(() => history.back()).catch(() => {});
    await waitUntilEqual(() => page.evaluate(() => window.persisted).catch(() => {}), true);
    await assertLiveRows(page, server);
    assert.equal(await server.followers(), 1);
  });

  inChromium("from a hidden tab", async (test) => {
    const server = await withRows(test);
    const window = await openWindow(test, browser);
    const page = await window.tab(server.url);
    await assertLiveRows(page, server);
    await window.tab("about:blank");
    await waitUntilEqual(() => visibility(page), "hidden");
    await change(server);
    await page.bringToFront();
    await waitUntilEqual(() => visibility(page), "visible");
    await waitUntilEqual(() => rowsOf(page), expectedRows(await server.rows()));
    await assertLiveRows(page, server);
  });

  inChromium("from a hidden tab that was frozen", async (test) => {
    const server = await withRows(test);
    const window = await openWindow(test, browser);
    const page = await window.tab(server.url);
    await assertLiveRows(page, server);
    const snapshots = await recordSnapshots(page);
    await window.tab("about:blank");
    await waitUntilEqual(() => visibility(page), "hidden");
    await page.setLifecycleState("frozen");
    // The page gives up its live state before it is frozen, so that no reader trusts it later.
    assert.equal((await page.evaluate(takeSnapshot)).connection, "reconnecting");
    await change(server);
    await page.setLifecycleState("active");
    await page.bringToFront();
    await assertLiveRows(page, server);
    assertNoWrongLiveRows(await snapshots());
  });

  inChromium("from a hidden tab in which it was opened", async (test) => {
    const server = await withRows(test);
    const window = await openWindow(test, browser);
    const page = await window.tab(server.url);
    const front = await window.tab("about:blank");
    await waitUntilEqual(() => visibility(page), "hidden");
    await page.reload();
    await assertLiveRows(page, server);
    await change(server);
    await waitUntilEqual(() => visibility(page), "hidden");
    await page.bringToFront();
    await waitUntilEqual(() => rowsOf(page), expectedRows(await server.rows()));
    await assertLiveRows(page, server);
    await waitUntilEqual(() => visibility(front), "hidden");
  });

  it("from a network outage", async (test) => {
    const { server, page, proxy } = await openBoardThroughProxy(test);
    const snapshots = await recordSnapshots(page);
    proxy.hold("all");
    await page.context().setOffline(true);
    await change(server);
    // The old stream never delivers anything more; the new one delivers the missed events late.
    proxy.discard("all");
    proxy.hold("streams");
    const { streams } = proxy;
    await page.context().setOffline(false);
    await waitUntil("another stream is answered", () => proxy.streams > streams);
    await waitUntilEqual(() => connection(page), "reconnecting");
    proxy.release("streams");
    await waitUntilEqual(() => rowsOf(page), expectedRows(await server.rows()));
    await assertLiveRows(page, server);
    assertNoWrongLiveRows(await snapshots());
  });
});

async function withRows(test) {
  const server = await startServer(test);
  await server.put("A123", { origin: "London", arrival: "08:15" });
  await server.put("I768", { origin: "Rome", arrival: "10:10", gate: "A1" });
  return server;
}

/** Starts a server and opens a page that shows its rows, live. */
async function openBoard(test, inBrowser = browser, through = async (server) => server, context) {
  const server = await withRows(test);
  const proxy = await through(server);
  const { page, recorded } = await openPage(test, inBrowser, proxy.url, { context });
  await assertLiveRows(page, server);
  return { server, page, proxy, recorded };
}

function openBoardThroughProxy(test) {
  // Playwright cannot take a browser offline while a service worker waits for the proxy.
  const context = isFirefox ? {} : { serviceWorkers: "block" };
  return openBoard(test, browser, (server) => FaultProxy.to(test, server), context);
}

/** One update of each kind. The last puts `G119`: a page that shows it has all of them. */
async function change(server) {
  await server.patch("I768", { state: "landed", gate: "B7" });
  await server.remove("A123");
  await server.put("G119", { origin: "Tokyo", arrival: "10:35" });
}

/** Waits until the page is live and asserts that its rows are then right. */
async function assertLiveRows(page, server) {
  const snapshot = await waitUntil("the page is live", async () => {
    const snapshot = await page.evaluate(takeSnapshot);
    return snapshot?.connection === "live" && snapshot;
  });
  assert.deepEqual(snapshot, {
    connection: "live",
    notices: 0,
    rows: expectedRows(await server.rows()),
  });
}

async function rowsOf(page) {
  return (await page.evaluate(takeSnapshot)).rows;
}

function visibility(page) {
  return page.evaluate(() => document.visibilityState);
}

/** The state of the page at one moment. */
function takeSnapshot() {
  const rows = [...document.querySelectorAll("[data-flight]")].map((row) => ({
    flight: row.dataset.flight,
    place: row.querySelector("[data-column=place] .place")?.textContent,
    state: row.dataset.state,
    gate: row.querySelector("[data-column=gate]")?.textContent ?? "",
  }));
  const connection = document.querySelector("[data-connection]")?.dataset.connection;
  return { connection, notices: document.querySelectorAll(".stale-notice").length, rows };
}

/** Records every state of the page from now on, however short. */
async function recordSnapshots(page) {
  await page.evaluate(
    new Function(`
      ${takeSnapshot}
      window.snapshots = [takeSnapshot()];
      const record = () => window.snapshots.push(takeSnapshot());
      const everything = { subtree: true, childList: true, attributes: true };
      new MutationObserver(record).observe(document.body, everything);`),
  );
  return () => page.evaluate(() => window.snapshots);
}

/** Asserts that after the first state that is not live, the page is live only with its final rows. */
function assertNoWrongLiveRows(snapshots) {
  const later = snapshots.slice(snapshots.findIndex(({ connection }) => connection !== "live"));
  const { rows } = later.at(-1);
  for (const snapshot of later.filter(({ connection }) => connection === "live")) {
    assert.deepEqual(snapshot, { connection: "live", notices: 0, rows });
  }
}

const copyOf = (journal) => `${journal}.copy`;

/** After a kill the newest records are in the WAL file. */
const SUFFIXES = ["", "-wal", "-shm"];

async function copyJournal(from, to) {
  for (const suffix of SUFFIXES) {
    if (existsSync(from + suffix)) await copyFile(from + suffix, to + suffix);
  }
}

async function removeJournal(journal) {
  for (const suffix of SUFFIXES) await rm(journal + suffix, { force: true });
}
