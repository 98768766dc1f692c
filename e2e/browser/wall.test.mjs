// Public screens: walls, signs at gates and belts, and the page of an airport.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { connection, inChromium, launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { WAIT_TIMEOUT_MILLIS, waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const LANDSCAPE = { viewport: { width: 1920, height: 1080 } };
const PORTRAIT_4K = { viewport: { width: 2160, height: 3840 } };
const STILL = { reducedMotion: "reduce" };

const MINUTE = 60_000;

const at = (minutes) =>
  new Date(Math.floor(Date.now() / MINUTE) * MINUTE + minutes * MINUTE).toISOString();

/** An evening: some flights are over, some gates are closed, some flights are called, most are later. */
function evening() {
  const flight = (number, minutes, fields) => ({
    flight: `CX ${number}`,
    date: at(minutes).slice(0, 10),
    destination: number % 2 === 0 ? "LHR" : "Thiruvananthapuram International Airport",
    airline: "Cathay Pacific",
    codeshares: ["AA 8892", "BA 4500"],
    departure: at(minutes),
    gate: `${number % 30}`,
    ...fields,
  });
  return [
    flight(100, -40, { state: "departed", actual: at(-30) }),
    flight(101, -15, { state: "cancelled" }),
    flight(102, -8, { state: "gate closed" }),
    flight(103, -5, { state: "final call" }),
    ...Array.from({ length: 60 }, (_, index) => flight(200 + index, 10 + 3 * index, {})),
  ];
}

async function openWall(test, query = "", context = LANDSCAPE, rows = evening()) {
  const server = await startServer(test);
  await server.configure({
    title: "Departures",
    kind: "departures",
    airport: "HKG",
    timeZone: "Asia/Hong_Kong",
    notice: "Please ask at desk 4",
  });
  await server.add(rows);
  const url = `${server.url}/boards/main/wall${query}`;
  const { page, recorded } = await openPage(test, browser, url, { context });
  await page.locator("[data-flight]").first().waitFor();
  return { server, page, recorded };
}

const flightsOf = (page) =>
  page.locator("[data-flight]").evaluateAll((rows) => rows.map(({ dataset }) => dataset.flight));

/** What is cut off or outside of the screen. */
function overflow(page) {
  return page.evaluate(() => {
    const faults = [];
    const { clientWidth, clientHeight, scrollWidth, scrollHeight } = document.documentElement;
    if (scrollWidth > clientWidth || scrollHeight > clientHeight) faults.push("the page scrolls");
    const head = document.querySelector(".head").getBoundingClientRect();
    for (const name of document.querySelectorAll(".head :is(h1, .airport)")) {
      const { top, bottom } = name.getBoundingClientRect();
      if (top < head.top || bottom > head.bottom) faults.push(`${name.textContent} is cut off`);
    }
    const foot = document.querySelector(".foot").getBoundingClientRect();
    for (const row of document.querySelectorAll("[data-flight]")) {
      const { left, right, bottom } = row.getBoundingClientRect();
      const isOutside = left < 0 || right > clientWidth || bottom > foot.top + 1;
      if (isOutside) faults.push(`${row.dataset.flight} is outside`);
      for (const cell of row.children) {
        if (cell.scrollHeight > row.clientHeight)
          faults.push(`${row.dataset.flight}: ${cell.dataset.column} is ${cell.scrollHeight} high`);
      }
    }
    return faults;
  });
}

const nameHeight = (page) =>
  page
    .locator('[data-flight="CX 200"] .place')
    .evaluate((name) => parseFloat(getComputedStyle(name).fontSize));

describe("a wall", { concurrency: 3 }, () => {
  for (const [name, context, rows] of [
    ["1080p", LANDSCAPE, 11],
    ["4k portrait", PORTRAIT_4K, 25],
  ]) {
    it(`shows ${rows} whole rows at ${name}`, async (test) => {
      const { page, recorded } = await openWall(test, "", {
        ...context,
        ...STILL,
      });
      await waitUntilEqual(async () => (await flightsOf(page)).length, rows);
      await waitUntilEqual(() => overflow(page), []);
      assert.equal(await page.locator("a, button, input").count(), 0);
      const cursor = await page.evaluate(() => getComputedStyle(document.body).cursor);
      assert.equal(cursor, "none");
      assert.deepEqual(recorded.errors, []);
    });
  }

  it("grows with the height of the screen, not with its width", async (test) => {
    const { page } = await openWall(test, "?rows=11", {
      ...LANDSCAPE,
      ...STILL,
    });
    const first = await nameHeight(page);
    await page.setViewportSize({ width: 3840, height: 2160 });
    const ratio = (await nameHeight(page)) / first;
    assert.ok(ratio > 1.95 && ratio < 2.05, `${ratio}`);
    await page.setViewportSize({ width: 1400, height: 1080 });
    assert.equal(await nameHeight(page), first);
    await waitUntilEqual(() => overflow(page), []);
  });

  it("has flights that can be caught on page 1, turns, and comes back for a call", async (test) => {
    const { server, page } = await openWall(test, "?rows=5&turn=3&pages=3");
    const soonest = ["CX 103", "CX 200", "CX 201", "CX 202", "CX 203"];
    await waitUntilEqual(() => flightsOf(page), soonest);
    const seen = new Set();
    await waitUntil("all pages were shown", async () => {
      const [first] = await flightsOf(page);
      if (first) seen.add(first);
      return seen.size === 3;
    });
    assert.deepEqual([...seen].sort(), ["CX 101", "CX 103", "CX 207"]);

    await waitUntil("another page is shown", async () => (await flightsOf(page))[0] === "CX 101");
    const { date } = (await server.rows()).find(({ flight }) => flight === "CX 200");
    await server.patch("CX%20200", { date, state: "boarding" });
    // The page that would be next is another one.
    await waitUntil(
      "the wall has left the page",
      async () => (await flightsOf(page))[0] !== "CX 101",
    );
    assert.deepEqual(await flightsOf(page), soonest);
    await page.locator('[data-flight="CX 200"][data-state="boarding"]').waitFor();
  });

  it("shows long delays whole in Arabic", async (test) => {
    const delays = [35, 95, 155].map((minutes, index) => ({
      flight: `CX ${index}`,
      date: at(index).slice(0, 10),
      destination: "LHR",
      departure: at(index),
      estimated: at(index + minutes),
    }));
    const context = { viewport: { width: 1080, height: 1920 }, ...STILL };
    const { page } = await openWall(test, "?lang=ar", context, delays);
    const cut = () =>
      page
        .locator(".state > .text")
        .evaluateAll((texts) =>
          texts.filter(
            ({ clientWidth, clientHeight, scrollWidth, scrollHeight }) =>
              scrollWidth > clientWidth || scrollHeight > clientHeight,
          ),
        );
    await waitUntilEqual(async () => (await flightsOf(page)).length, 3);
    await waitUntilEqual(async () => (await cut()).length, 0);
    await waitUntilEqual(() => overflow(page), []);
  });

  it("filters, and falls back where a parameter is wrong", async (test) => {
    const warnings = [];
    const { page } = await openWall(test, "?gate=23&rows=soon&theme=pink");
    page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
    await waitUntilEqual(() => flightsOf(page), ["CX 203", "CX 233"]);
    await page.reload();
    await waitUntilEqual(() => warnings.length, 2);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  });

  it("flaps a change in five steps of transform and opacity", async (test) => {
    const { server, page } = await openWall(test, "?rows=5&turn=600");
    const { date } = (await server.rows()).find(({ flight }) => flight === "CX 200");
    const gate = page.locator('[data-flight="CX 200"] [data-column=gate]');
    await server.patch("CX%20200", { date, gate: "9" });
    const animation = await waitUntil("the cell is marked", () =>
      gate.evaluate((cell) => {
        const { animationName, animationTimingFunction } = getComputedStyle(cell);
        // The mark ends with its animation.
        return cell.dataset.highlight && { animationName, animationTimingFunction };
      }),
    );
    assert.match(animation.animationName, /^flap-/);
    assert.match(animation.animationTimingFunction, /^steps\(5/);
  });

  inChromium("does not flap with reduced motion", async (test) => {
    const { server, page } = await openWall(test, "?rows=5&turn=600", { ...LANDSCAPE, ...STILL });
    const { date } = (await server.rows()).find(({ flight }) => flight === "CX 200");
    const gate = page.locator('[data-flight="CX 200"] [data-column=gate]');
    await server.patch("CX%20200", { date, gate: "9" });
    const animation = await waitUntil("the cell is marked", () =>
      gate.evaluate((cell) => cell.dataset.highlight && getComputedStyle(cell).animationName),
    );
    assert.equal(animation, "none");
  });

  it("says that it does not know, and in lasting doubt shows the notice", async (test) => {
    const server = await startServer(test);
    await server.configure({
      title: "Departures",
      kind: "departures",
      notice: "Ask at desk 4",
    });
    await server.add(evening());
    const context = await browser.newContext(LANDSCAPE);
    test.after(() => context.close());
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(`${server.url}/boards/main/wall`);
    await page.locator("[data-flight]").first().waitFor();
    await waitUntilEqual(() => connection(page), "live");
    await server.kill();
    await waitUntilEqual(() => connection(page), "reconnecting");
    await page.locator(".stale-notice").waitFor();
    assert.ok((await flightsOf(page)).length > 0);
    await waitUntilEqual(() => overflow(page), []);
    await page.clock.fastForward(32 * MINUTE);
    await page.getByRole("heading", { name: "Ask at desk 4" }).waitFor();
    assert.deepEqual(await flightsOf(page), []);
    assert.match(await page.locator(".full-notice").innerText(), /\d\d:\d\d:\d\d, \d+ \w{3}/);
  });

  it("reloads after a crash", async (test) => {
    const { server, page } = await openWall(test, "?rows=5&lang=ja,en");
    await page.evaluate(() => {
      window.isOld = true;
      // Times are rendered by it.
      Intl.DateTimeFormat.prototype.formatToParts = () => {
        throw new Error("broken on purpose");
      };
    });
    const { date } = (await server.rows()).find(({ flight }) => flight === "CX 200");
    // A quarter of an hour that the page has not shown yet.
    await server.patch("CX%20200", { date, estimated: at(24 * 60) });
    await page.locator(".crash[lang=ja]").filter({ hasText: "この画面に障害" }).waitFor();
    await waitUntil("the page was loaded again", () =>
      // A navigation ends the evaluation.
      page.evaluate(() => window.isOld !== true).catch(() => false),
    );
    await page.locator("[data-flight]").first().waitFor();
  });

  it("retries a part that did not load", async (test) => {
    const server = await startServer(test);
    await server.add(evening());
    const context = await browser.newContext(LANDSCAPE);
    test.after(() => context.close());
    const page = await context.newPage();
    // Firefox remembers the failure of a module, so the page loads itself again after the last attempt.
    page.setDefaultTimeout(2 * WAIT_TIMEOUT_MILLIS);
    let failures = 0;
    await page.route(/\/assets\/wall-[^/]*\.(js|css)$/, (route) => {
      failures += 1;
      return failures <= 2 ? route.abort() : route.continue();
    });
    await page.goto(`${server.url}/boards/main/wall`);
    await page.locator("[data-flight]").first().waitFor();
    assert.ok(failures > 2);
  });
});

describe("a sign", { concurrency: 2 }, () => {
  it("shows the next flights at a gate over all boards of departures", async (test) => {
    const server = await startServer(test);
    await server.configure({ title: "T1", kind: "departures", airport: "HKG" });
    await server.configure({ title: "T2", kind: "departures", airport: "HKG" }, "t2");
    await server.configure({ title: "Arrivals", kind: "arrivals", airport: "HKG" }, "arrivals");
    const flight = (number, minutes, gate) => ({
      flight: number,
      date: at(minutes).slice(0, 10),
      destination: "LHR",
      departure: at(minutes),
      gate,
    });
    await server.add([flight("CX 1", 40, "B4"), flight("CX 2", 20, "B5")]);
    await server.add([flight("UO 3", 25, "b4"), flight("UO 4", 30, "B44")], "t2");
    await server.add([{ ...flight("CX 9", 5, "B4"), arrival: at(5) }], "arrivals");
    const { page } = await openPage(test, browser, `${server.url}/gates/B4`, {
      context: LANDSCAPE,
    });
    await waitUntilEqual(() => flightsOf(page), ["UO 3", "CX 1"]);
    await waitUntilEqual(() => connection(page), "live");
    await waitUntilEqual(() => page.locator(".next .place").innerText(), "London");
    assert.equal(await page.getByRole("heading").innerText(), "Gate B4");
    const [next, later] = await page
      .locator("[data-flight] .place")
      .evaluateAll((names) => names.map((name) => parseFloat(getComputedStyle(name).fontSize)));
    assert.ok(next > 3 * later, `${next} and ${later}`);
    assert.equal(await page.locator("[data-flight][data-date]").count(), 2);
    await waitUntilEqual(() => overflow(page), []);
  });

  it("shows the arrivals of a belt", async (test) => {
    const server = await startServer(test);
    await server.configure({ title: "Arrivals", kind: "arrivals" });
    await server.add([
      {
        flight: "CX 1",
        arrival: at(-5),
        actual: at(-4),
        state: "baggage",
        belt: "13",
      },
      {
        flight: "CX 2",
        arrival: at(-6),
        actual: at(-5),
        state: "baggage",
        belt: "3",
      },
    ]);
    const { page } = await openPage(test, browser, `${server.url}/belts/13`, {
      context: PORTRAIT_4K,
    });
    await waitUntilEqual(() => flightsOf(page), ["CX 1"]);
    await server.patch("CX%202", { belt: "13" });
    await waitUntilEqual(() => flightsOf(page), ["CX 2", "CX 1"]);
    await waitUntilEqual(() => overflow(page), []);
  });
});

describe("the page of an airport", { concurrency: 2 }, () => {
  async function openAirport(test, viewport) {
    const server = await startServer(test);
    await server.configure({
      title: "Departures",
      kind: "departures",
      airport: "HKG",
    });
    await server.configure({ title: "Arrivals", kind: "arrivals", airport: "HKG" }, "arrivals");
    await server.configure({ title: "Elsewhere", kind: "arrivals", airport: "LHR" }, "lhr");
    await server.add(evening());
    await server.add([{ flight: "CX 1", arrival: at(10) }], "arrivals");
    await server.add([{ flight: "BA 1", arrival: at(10) }], "lhr");
    const context = { viewport };
    const { page, recorded } = await openPage(test, browser, `${server.url}/airports/hkg`, {
      context,
    });
    await page.locator('[data-flight="CX 1"]').waitFor();
    await page.locator('[data-flight="CX 200"]').waitFor();
    assert.equal(await page.locator('[data-flight="BA 1"]').count(), 0);
    assert.deepEqual(recorded.errors, []);
    return page;
  }

  const leftOf = (page, flight) =>
    page.locator(`[data-flight="${flight}"]`).evaluate((row) => row.getBoundingClientRect().left);

  it("is two walls on a very wide screen", async (test) => {
    const page = await openAirport(test, { width: 3440, height: 1440 });
    assert.equal(await page.locator(".wall").count(), 2);
    assert.ok((await leftOf(page, "CX 200")) > 1_600);
    assert.ok((await leftOf(page, "CX 1")) < 100);
  });

  for (const [name, width, isBeside] of [
    ["beside each other on a laptop", 1366, true],
    ["below each other on a phone", 390, false],
  ]) {
    it(`has its boards ${name}`, async (test) => {
      const page = await openAirport(test, { width, height: 844 });
      assert.equal(await page.locator(".wall").count(), 0);
      assert.equal((await leftOf(page, "CX 200")) >= width / 2, isBeside);
      const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(scroll, width);
    });
  }
});

describe("the page of an airport with a board for each terminal", { concurrency: 2 }, () => {
  const flight = (number, minutes, fields) => ({
    flight: number,
    date: at(minutes).slice(0, 10),
    destination: "LHR",
    departure: at(minutes),
    ...fields,
  });

  async function startAirport(test, terminals) {
    const server = await startServer(test);
    await server.configure({ title: "Arrivals", kind: "arrivals", airport: "HKG" });
    const settings = { kind: "departures", airport: "HKG" };
    for (const terminal of terminals)
      await server.configure({ ...settings, title: `Terminal ${terminal}` }, `t${terminal}`);
    return server;
  }

  async function openTerminals(test, viewport) {
    const server = await startAirport(test, [1, 2]);
    await server.add([flight("CX 1", 20, { gate: "1" }), flight("CX 2", 40, {})], "t1");
    await server.add([flight("UO 3", 30, {}), flight("CX 1", 20, { gate: "9" })], "t2");
    const url = `${server.url}/airports/HKG?lang=en`;
    const { page, recorded } = await openPage(test, browser, url, { context: { viewport } });
    await waitUntilEqual(() => flightsOf(page), ["CX 1", "UO 3", "CX 2"]);
    assert.match(await page.locator("[data-flight='CX 1']").innerText(), /\b1\b/);
    await page.getByRole("heading", { name: "Departures" }).waitFor();
    return { server, page, recorded };
  }

  it("has one list of them, with links to each", async (test) => {
    const { server, page, recorded } = await openTerminals(test, { width: 1366, height: 768 });
    assert.deepEqual(await page.getByRole("link", { name: /^Terminal/ }).allInnerTexts(), [
      "Terminal 1",
      "Terminal 2",
    ]);
    await server.add([flight("UO 4", 35, {})], "t2");
    await waitUntilEqual(() => flightsOf(page), ["CX 1", "UO 3", "UO 4", "CX 2"]);
    await page.getByRole("button", { name: "UO 3" }).click();
    await page.getByRole("dialog").waitFor();
    assert.match(page.url(), /\/boards\/t2\/flights\/UO%203\?/);
    assert.deepEqual(recorded.errors, []);
  });

  it("has one wall of them", async (test) => {
    const { server, page } = await openTerminals(test, { width: 3440, height: 1440 });
    assert.equal(await page.locator(".wall").count(), 2);
    assert.equal(await page.locator("a").count(), 0);
    await server.close("t1", "moved");
    await waitUntilEqual(() => flightsOf(page), ["CX 1", "UO 3"]);
    await waitUntilEqual(() => overflow(page), []);
  });

  it("offers a choice of more boards than it can follow", async (test) => {
    const server = await startAirport(test, [1, 2, 3, 4, 5]);
    await server.add([flight("UO 5", 30, {})], "t5");
    const { page } = await openPage(test, browser, `${server.url}/airports/HKG?lang=en`);
    await page.getByRole("heading", { name: "Choose a board" }).waitFor();
    assert.equal(await page.getByRole("link").count(), 6);
    assert.deepEqual(await violations(page), []);
    await page.getByRole("link", { name: "Terminal 5" }).click();
    await waitUntilEqual(() => flightsOf(page), ["UO 5"]);
  });
});

describe("axe finds nothing on public screens", { concurrency: 2 }, () => {
  for (const [path, selector] of [
    ["/boards/main/wall?theme=dark", "[data-flight]"],
    ["/boards/main/wall?theme=light", "[data-flight]"],
    ["/gates/23", "[data-flight]"],
    ["/belts/1", ".wall-message"],
    ["/airports/HKG", "[data-flight='CX 200']"],
  ]) {
    it(path, async (test) => {
      const server = await startServer(test);
      await server.configure({
        title: "Departures",
        kind: "departures",
        airport: "HKG",
      });
      await server.configure({ title: "Arrivals", kind: "arrivals", airport: "HKG" }, "arrivals");
      await server.add(evening());
      const { page } = await openPage(test, browser, server.url + path, {
        context: { ...LANDSCAPE, ...STILL },
      });
      await page.locator(selector).first().waitFor();
      await waitUntil("all boards are live", async () => {
        const signs = await page
          .locator("[data-connection]")
          .evaluateAll((all) => all.map(({ dataset }) => dataset.connection));
        return signs.length > 0 && signs.every((sign) => sign === "live");
      });
      assert.deepEqual(await violations(page), []);
    });
  }
});
