// Finding a flight: by search, by filters, by a link, and by following it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { keyConcurrency, launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const SCREENS = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  laptop: { viewport: { width: 1366, height: 768 } },
};

const MINUTE = 60_000;

/** Good is less than 0.1; rows that jump under a finger are worse than slow ones. */
const MAX_LAYOUT_SHIFT = 0.02;

const at = (minutes) => new Date(Date.now() + minutes * MINUTE).toISOString();

const flightOfTest = {
  flight: "CX 797",
  date: at(40).slice(0, 10),
  destination: "CGK",
  airline: "Cathay Pacific",
  departure: at(40),
  codeshares: ["AA 8892", "QR 5811"],
  gate: "27",
};

/** A day with earlier and later flights, of which one number flies on two days. */
function flights() {
  const others = Array.from({ length: 120 }, (_, index) => ({
    flight: `UO ${600 + index}`,
    date: at(0).slice(0, 10),
    destination: ["HND", "GRU", "ICN", "YYZ"][index % 4],
    via: index % 7 === 0 ? ["DOH"] : undefined,
    airline: "HK Express",
    departure: at(10 * index - 600),
    state: index < 58 ? "departed" : undefined,
    actual: index < 58 ? at(10 * index - 598) : undefined,
    terminal: index % 2 === 0 ? "1" : "2",
  }));
  const tomorrow = { ...flightOfTest, date: at(1_480).slice(0, 10), departure: at(1_480) };
  const gone = {
    ...{ flight: "BR 1", date: at(-90).slice(0, 10), destination: "TPE", departure: at(-90) },
    ...{ state: "departed", actual: at(-85), codeshares: ["NZ 4915"] },
  };
  return [...others, flightOfTest, tomorrow, gone];
}

async function openBoard(test, screen, path = "/boards/main") {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures", airport: "HKG" });
  await server.configure({ title: "Arrivals", kind: "arrivals", airport: "HKG" }, "arrivals");
  await server.add(flights());
  const { page, recorded } = await openPage(test, browser, server.url + path, {
    context: SCREENS[screen],
    before: countLayoutShift,
  });
  await page.locator("[data-connection=live]").waitFor();
  return { server, page, recorded };
}

function countLayoutShift() {
  window.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) {
      if (!hadRecentInput) window.layoutShift += value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** The flights whose rows a reader sees or can scroll to. */
const shown = (page) =>
  page
    .locator("[data-flight]")
    .evaluateAll((rows) =>
      rows
        .filter((row) => row.getBoundingClientRect().height > 0)
        .map(({ dataset }) => dataset.flight),
    );

const pathOf = (page) => page.evaluate(() => window.location.pathname + window.location.search);

describe("finding", { concurrency: keyConcurrency }, () => {
  for (const screen of Object.keys(SCREENS)) {
    it(`searches as a reader types on a ${screen}`, async (test) => {
      const { page, recorded } = await openBoard(test, screen);
      const search = page.locator("input[type=search]");
      await search.fill("AA8892");
      await waitUntilEqual(() => shown(page), ["CX 797", "CX 797"]);
      const row = page.locator('[data-flight="CX 797"]').first();
      assert.match(await row.innerText(), /sold as AA 8892/);
      await search.fill("nz 4915");
      await waitUntilEqual(() => shown(page), ["BR 1"]);
      await search.fill("sao paulo");
      await waitUntil("flights to São Paulo", async () => (await shown(page)).length > 10);
      assert.ok((await shown(page)).every((flight) => Number(flight.slice(3)) % 4 === 1));
      await search.fill("atlantis");
      await page.getByRole("heading", { name: "No flight for “atlantis”" }).waitFor();
      await page.getByRole("button", { name: "Clear" }).click();
      await waitUntil("all flights", async () => (await shown(page)).length > 60);
      assert.deepEqual(recorded.errors, []);
    });

    it(`names the places without a jump on a ${screen}`, async (test) => {
      const { page } = await openBoard(test, screen);
      await page.locator(".place:visible", { hasText: "Seoul" }).first().waitFor();
      await page.getByText("Hong Kong").first().waitFor();
      const shift = await page.evaluate(() => window.layoutShift);
      assert.ok(shift <= MAX_LAYOUT_SHIFT, `a layout shift of ${shift}`);
    });

    it(`follows a flight on a ${screen}`, async (test) => {
      const { server, page } = await openBoard(test, screen, "/boards/main?q=AA8892");
      await page.getByRole("button", { name: "CX 797" }).first().click();
      await page.getByRole("button", { name: "Follow" }).click();
      await page.keyboard.press("Escape");
      const card = page.locator("[data-followed]");
      await card.waitFor();
      assert.match(await card.innerText(), /CX 797 to Jakarta\s+On time\s+leaves .*in \d+ min/);
      const { flight, date } = flightOfTest;
      await server.patch(encodeURIComponent(flight), { date, state: "boarding", gate: "31" });
      await waitUntilEqual(() => page.title(), "Boarding, gate 31 - CX 797");
      assert.equal(await card.getAttribute("data-tone"), "go");
      assert.match(await card.innerText(), /Boarding[^]*Gate\s*31/);
      await page.locator("input[type=search]").fill("");
      await page.reload();
      await card.waitFor();
      await waitUntilEqual(() => page.title(), "Boarding, gate 31 - CX 797");

      await server.patch(encodeURIComponent(flight), { date, state: "departed", actual: at(-6) });
      await card.waitFor({ state: "detached" });
      await waitUntilEqual(() => page.title(), "Departures · flightboard");
    });
  }

  it("filters, sorts and keeps both in the link", async (test) => {
    const { page } = await openBoard(test, "laptop");
    const all = await waitUntil("all flights", async () => {
      const { length } = await shown(page);
      return length > 60 && length;
    });
    await page.getByRole("button", { name: "Next 2 hours" }).click();
    await waitUntil("fewer flights", async () => (await shown(page)).length < all);
    await page.getByLabel("Terminal").selectOption("Terminal 2");
    await page.getByLabel("Sort by").selectOption("By place");
    const found = () =>
      page.locator("[data-flight] .place").evaluateAll((it) => it.map((one) => one.textContent));
    await waitUntil("the order of places", async () => {
      const places = await found();
      return places.length > 2 && places.join() === places.toSorted().join();
    });
    const places = await found();
    assert.equal(await pathOf(page), "/boards/main?time=2h&terminal=2&sort=place");
    await page.reload();
    await waitUntilEqual(found, places);
    assert.deepEqual(await violations(page), []);
  });

  it("opens links to flights", async (test) => {
    const { server, page } = await openBoard(test, "phone", "/boards/main/flights/cx797");
    const sheet = page.getByRole("dialog");
    await sheet.getByText("On which day?").waitFor();
    assert.deepEqual(await violations(page), []);
    await sheet.getByRole("listitem").last().getByRole("button").click();
    await sheet.getByText("Jakarta").waitFor();
    assert.match(await pathOf(page), /^\/boards\/main\/flights\/CX%20797\?date=\d{4}-\d\d-\d\d/);
    assert.deepEqual(await violations(page), []);
    await sheet.getByRole("button", { name: "Close" }).click();
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal(await pathOf(page), "/boards/main");

    await page.goto(`${server.url}/boards/main/flights/XX9`);
    await page.getByRole("heading", { name: "XX9 is not on this board" }).waitFor();
    assert.deepEqual(await violations(page), []);
  });

  it("has accessible cards and empty results", async (test) => {
    const { page } = await openBoard(test, "phone", "/boards/main/flights/AA8892");
    await page.getByRole("dialog").getByRole("listitem").first().getByRole("button").click();
    await page.getByRole("button", { name: "Follow" }).click();
    await page.keyboard.press("Escape");
    await page.locator("[data-followed]").waitFor();
    await page.locator("input[type=search]").fill("atlantis");
    await page.getByRole("button", { name: "Clear" }).waitFor();
    assert.deepEqual(await violations(page), []);
  });
});

// One at a time: only one window has the keyboard.
describe("finding by keyboard", () => {
  it("needs no mouse", async (test) => {
    const { page } = await openBoard(test, "laptop");
    const focused = (selector) =>
      page.evaluate((wanted) => document.activeElement.matches(wanted), selector);
    await page.keyboard.press("Tab");
    assert.ok(await focused("input[type=search]"), "the search is the first stop");
    await page.locator("[data-board=arrivals]").focus();
    await page.keyboard.press("/");
    assert.ok(await focused("input[type=search]"));
    await page.keyboard.type("qr5811");
    await waitUntilEqual(() => shown(page), ["CX 797", "CX 797"]);
    await waitUntilEqual(() => page.locator("[data-found]").textContent(), "2 flights");
    assert.equal(await pathOf(page), "/boards/main?q=qr5811");

    const number = page.getByRole("button", { name: "CX 797" }).first();
    await number.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(
      await pathOf(page),
      `/boards/main/flights/CX%20797?date=${flightOfTest.date}&q=qr5811`,
    );
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await waitUntilEqual(() => pathOf(page), "/boards/main?q=qr5811");
    assert.ok(await number.evaluate((button) => button === document.activeElement));

    await page.keyboard.press("/");
    await page.keyboard.press("Escape");
    await waitUntilEqual(() => pathOf(page), "/boards/main");
    assert.ok(await focused("input[type=search]"));
  });

  it("gives the focus back after Back", async (test) => {
    const { page } = await openBoard(test, "laptop", "/boards/main?q=cx797");
    const number = page.getByRole("button", { name: "CX 797" }).first();
    await number.click();
    await page.getByRole("dialog").waitFor();
    await page.goBack();
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.ok(await number.evaluate((button) => button === document.activeElement));
    await page.goForward();
    await page.getByRole("dialog").waitFor();
  });
});
