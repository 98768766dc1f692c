// The page for readers with their own colours, more contrast, or large type.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { inChromium, launch, openPage } from "./chromium.mjs";
import { boardWithPast, button, openBoard, stateOf, timeText } from "./past-board.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const STATES = ["boarding", "final call", "cancelled", "gate closed", "", "landed"];

function rows(count) {
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  return Array.from({ length: count }, (_, index) => ({
    flight: `BA ${100 + index}`,
    destination: "LHR",
    airline: "British Airways",
    departure: at(5 + index),
    ...(index === 4 && { estimated: at(60) }),
    state: STATES[index % STATES.length],
    gate: "B4",
  }));
}

async function open(test, context, query = "", count = STATES.length) {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures", airport: "HKG" });
  await server.configure({ title: "Arrivals" }, "arrivals");
  await server.add(rows(count));
  const { page } = await openPage(test, browser, `${server.url}${query}`, { context });
  await page.locator("[data-flight='BA 100']").waitFor();
  await waitUntilEqual(() => page.locator("[data-connection=live]").count(), 1);
  return page;
}

const styleOf = (page, selector, ...names) =>
  page
    .locator(selector)
    .first()
    .evaluate(
      (element, names) => names.map((name) => getComputedStyle(element).getPropertyValue(name)),
      names,
    );

inChromium("forced colours keep states, tiles, tabs and doubt apart", async (test) => {
  const page = await open(test, { forcedColors: "active", colorScheme: "light" });
  const state = (number) =>
    styleOf(
      page,
      `[data-flight='BA ${number}'] .state`,
      "background-color",
      "border-top-color",
      "border-top-style",
    );
  const looks = await Promise.all([100, 101, 102, 103].map(state));
  const different = new Set(looks.map((look) => look.join()));
  assert.equal(different.size, looks.length, [...different].join(" | "));

  const tile = (number) => styleOf(page, `[data-flight='BA ${number}'] .tile`, "background-color");
  assert.notDeepEqual(await tile(100), await tile(103), "a tile that is lit");

  const [struck] = await styleOf(page, "[data-flight='BA 104'] s", "text-decoration-line");
  assert.equal(struck, "line-through");

  const tab = (selector) => styleOf(page, `.boards ${selector}`, "text-decoration-line");
  assert.deepEqual(await tab("a[aria-current]"), ["underline"]);
  assert.deepEqual(await tab("a:not([aria-current])"), ["none"]);
  const [border, ground] = await styleOf(page, ".search input", "border-top-width", "color");
  assert.notEqual(border, "0px", ground);

  await page.getByRole("button", { name: "Stop updates" }).click();
  await page.locator(".stale-notice").waitFor();
  const dashed = ["outline-style", "outline-width"];
  const [style, width] = await styleOf(page, ".timetable", ...dashed);
  assert.equal(style, "dashed");
  assert.ok(parseFloat(width) > 2, width);
  assert.deepEqual(await styleOf(page, ".stale-notice", "border-top-style"), ["dashed"]);
});

inChromium("forced colours keep the past and the present apart", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const context = { forcedColors: "active", colorScheme: "light" };
  const url = `${server.url}/boards/main?at=${timeText(morning)}`;
  const page = await openBoard(test, browser, url, context);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  await page.locator(".past-bar").waitFor();
  // A ground of its own is not seen.
  const sign = () => styleOf(page, ".head .connection", "border-top-style");
  const frame = () => styleOf(page, ".timetable", "outline-style");
  const play = () => styleOf(page, ".past-buttons button", "color", "border-top-color");
  assert.deepEqual(await sign(), ["solid"]);
  assert.deepEqual(await frame(), ["solid"]);
  const [ink, border] = await play();
  const speed = (isPressed) =>
    styleOf(page, `.past-bar [aria-pressed=${isPressed}]`, "background-color", "color");
  const [pressed, other] = await Promise.all([true, false].map(speed));
  assert.notEqual(pressed[0], other[0]);
  assert.notEqual(pressed[1], other[1]);

  await button(page, "Back to live").click();
  await waitUntilEqual(() => page.locator("[data-connection=live]").count(), 1);
  assert.deepEqual(await sign(), ["none"]);
  assert.deepEqual(await frame(), ["none"]);
  // There is nothing to play now.
  await button(page, "Look back in time").waitFor();
  const resting = await play();
  assert.notEqual(ink, resting[0]);
  assert.notEqual(border, resting[1]);
});

inChromium("more contrast leaves no faint text", async (test) => {
  const asks = (contrast) => open(test, { contrast, colorScheme: "light" });
  const colours = async (page) => {
    const [faint] = await styleOf(page, "[data-flight='BA 100'] .aside", "color");
    const [ink] = await styleOf(page, "[data-flight='BA 100'] .place", "color");
    return [faint, ink];
  };
  const [faint, ink] = await colours(await asks("no-preference"));
  assert.notEqual(faint, ink);
  const [strong] = await colours(await asks("more"));
  assert.equal(strong, ink);
});

for (const [zoom, width, height] of [
  ["200 %", 683, 384],
  ["400 %", 320, 256],
]) {
  it(`a page at ${zoom} reflows`, async (test) => {
    const page = await open(test, { viewport: { width, height } });
    for (const tag of ["en", "de", "es", "fr", "ja", "ar", "zh"]) {
      await page.goto(`${new URL(page.url()).origin}/boards/main?lang=${tag}`);
      await page.locator("[data-flight='BA 100']").waitFor();
      const reached = () =>
        page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth - clientWidth;
        });
      assert.equal(await reached(), 0, tag);
      await page.locator(".settings").click();
      await page.getByRole("dialog").waitFor();
      assert.equal(await reached(), 0, `${tag}, settings`);
      const box = await page.getByRole("dialog").boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width, `${tag}: the dialog is on the screen`);
    }
    // A head that stays would leave no room for rows.
    await page.keyboard.press("Escape");
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await waitUntil("the head scrolls away", async () => {
      const { y, height } = await page.locator(".head").boundingBox();
      return y + height <= 0;
    });
  });
}

it("the search stays in sight on a phone", async (test) => {
  const viewport = { width: 390, height: 844 };
  const page = await open(test, { viewport, isMobile: true, hasTouch: true }, "", 60);
  await page.locator("[data-flight='BA 159']").scrollIntoViewIfNeeded();
  const search = page.getByRole("searchbox");
  await waitUntil("the search is at the top", async () => {
    const { y } = await search.boundingBox();
    return y >= 0 && y < 60;
  });
  // The name of the hour is below, and covers nothing of it, once all rows are drawn.
  await waitUntil("the hour is below the head", () =>
    page.evaluate(() => {
      const head = document.querySelector(".head").getBoundingClientRect();
      const names = [...document.querySelectorAll(".hour:not([hidden]) .hour-name")];
      const tops = names.map((name) => name.getBoundingClientRect().top).filter((top) => top >= 0);
      return Math.abs(Math.min(...tops) - head.bottom) < 12;
    }),
  );
  await search.tap();
  await search.fill("BA 101");
  await page.locator("[data-flight='BA 101']").waitFor();
});

it("the arrow keys leave no row behind the head", async (test) => {
  const page = await open(test, { viewport: { width: 390, height: 700 } }, "", 60);
  await page.locator("[data-flight='BA 130'] .open").focus();
  for (let step = 0; step < 20; step++) await page.keyboard.press("ArrowUp");
  const covered = () =>
    page.evaluate(() => {
      const { top } = document.activeElement.getBoundingClientRect();
      return top < document.querySelector(".head").getBoundingClientRect().bottom;
    });
  await waitUntilEqual(covered, false);
});
