// The languages of the page: loaded on demand, read by no rule of axe-core as wrong, and mirrored from right to left.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { keyConcurrency, launch, openPage } from "./chromium.mjs";
import { boardWithPast, openBoard, stateOf, timeText } from "./past-board.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Each with its name of a state, and of the dialog of settings. */
const LANGUAGES = {
  en: ["Final call", "Settings"],
  de: ["Letzter Aufruf", "Einstellungen"],
  es: ["Última llamada", "Ajustes"],
  fr: ["Dernier appel", "Réglages"],
  ja: ["搭乗最終案内", "設定"],
  ar: ["النداء الأخير", "الإعدادات"],
  zh: ["催促登机", "设置"],
};

const STATES = ["boarding", "final call", "gate closed", "cancelled", "diverted", "", "later"];

function rows() {
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  return STATES.map((state, index) => ({
    flight: `BA ${100 + index}`,
    destination: index === 6 ? "القاهرة" : "LHR",
    via: ["OSL"],
    airline: "British Airways",
    codeshares: ["AA 1", "IB 2"],
    departure: at(5 + index),
    ...(index % 2 === 1 && { estimated: at(45 + index) }),
    state,
    gate: "B4",
    checkIn: "A",
    remark: index === 5 ? "請在大堂等候" : undefined,
  }));
}

async function start(test) {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures", airport: "HKG" });
  await server.configure({ title: "Arrivals" }, "arrivals");
  await server.add(rows());
  return server;
}

const live = (page) => waitUntilEqual(() => page.locator("[data-connection=live]").count(), 1);

describe("axe finds nothing in a language", { concurrency: keyConcurrency }, () => {
  for (const [tag, [finalCall, settings]] of Object.entries(LANGUAGES)) {
    it(tag, async (test) => {
      const server = await start(test);
      for (const colorScheme of ["light", "dark"]) {
        const theme = colorScheme === "light" ? "&theme=light" : "";
        const context = {
          viewport: { width: 390, height: 844 },
          colorScheme,
          reducedMotion: "reduce",
        };
        const { page } = await openPage(test, browser, `${server.url}?lang=${tag}`, { context });
        await page.getByText(finalCall, { exact: true }).waitFor();
        await live(page);
        const { lang, dir } = await page.evaluate(() => ({
          lang: document.documentElement.lang,
          dir: document.documentElement.dir,
        }));
        assert.deepEqual([lang, dir], [tag, tag === "ar" ? "rtl" : "ltr"]);
        assert.deepEqual(await violations(page), [], "board");
        await page.getByRole("button", { name: settings }).click();
        await page.getByRole("dialog").waitFor();
        assert.deepEqual(await violations(page), [], "settings");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "BA 101" }).click();
        await page.getByRole("dialog").waitFor();
        assert.deepEqual(await violations(page), [], "details");

        await page.setViewportSize({ width: 1920, height: 1080 });
        for (const path of ["boards/main/wall", "gates/B4"]) {
          await page.goto(new URL(`/${path}?lang=${tag}${theme}`, server.url).href);
          await page.locator("[data-flight]").first().waitFor();
          assert.equal(await page.locator("html").getAttribute("lang"), tag);
          await live(page);
          assert.deepEqual(await violations(page), [], path);
        }
      }
    });
  }
});

it("loads no other language than the reader's", async (test) => {
  const server = await start(test);
  const scripts = async (locale) => {
    const { page, recorded } = await openPage(test, browser, server.url, { context: { locale } });
    await page.getByText(LANGUAGES[locale][0], { exact: true }).waitFor();
    // The page is kept for the time without a server too, by other requests for the same files.
    const urls = recorded.scripts.map((response) => response.url());
    const names = urls.map((url) => new URL(url).pathname.split("/").at(-1));
    return names
      .filter((name) => /^(ar|de|es|fr|ja|zh)-.*\.js$/.test(name))
      .map((name) => name.slice(0, 2));
  };
  assert.deepEqual(await scripts("en"), []);
  assert.deepEqual(await scripts("de"), ["de"]);
});

it("mirrors the rows from right to left", async (test) => {
  const server = await start(test);
  for (const width of [390, 1366]) {
    const context = { viewport: { width, height: 844 } };
    const { page } = await openPage(test, browser, `${server.url}?lang=ar`, { context });
    await page.getByText("النداء الأخير", { exact: true }).waitFor();
    await live(page);
    await page.evaluate(() => document.fonts.ready.then(() => {}));
    const row = page.locator("[data-flight='BA 101']");
    const boxOf = async (selector) =>
      row
        .locator(selector)
        .first()
        .evaluate((element) => element.getBoundingClientRect().toJSON());
    const [time, place, status] = await Promise.all(
      ["[data-slot=time]", ".place", ".state"].map(boxOf),
    );
    assert.ok(time.x > place.x && place.x > status.x, `${width}: time, place, status`);
    const icon = await boxOf(".state .icon");
    const text = await boxOf(".state .text");
    assert.ok(icon.x > text.x, `${width}: the icon is before its text`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(overflow <= width, `${width}: nothing to scroll to the side, but ${overflow}`);
    // Numbers keep their order, and start where their column does.
    const number = await boxOf(".number");
    const cell = await boxOf("[data-column=flight]");
    assert.ok(Math.abs(number.x + number.width - cell.x - cell.width) < 2, `${width}: number`);
    assert.equal(await row.locator(".number").textContent(), "BA 101");
  }
});

it("mirrors the time bar from right to left", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const url = `${server.url}/boards/main?at=${timeText(morning)}`;
  for (const [tag, sign, later] of [
    ["en", 1, "ArrowRight"],
    ["ar", -1, "ArrowLeft"],
  ]) {
    const context = { viewport: { width: 390, height: 844 } };
    const page = await openBoard(test, browser, `${url}&lang=${tag}`, context);
    await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
    const slider = page.getByRole("slider");
    await waitUntil("the oldest time is known", () => slider.isEnabled());
    const [oldest, now] = await page
      .locator(".past-ends > span")
      .evaluateAll((ends) => ends.map((end) => end.getBoundingClientRect().x));
    assert.ok((now - oldest) * sign > 0, `${tag}: the end of the time is now`);
    const play = page.locator(".past-buttons .icon").first();
    const scale = await play.evaluate((icon) => getComputedStyle(icon).scale);
    assert.equal(scale, sign === 1 ? "none" : "-1 1", `${tag}: the way of a playback`);

    const value = async () => Number(await slider.inputValue());
    const before = await value();
    await slider.press(later);
    assert.equal(await value(), before + 1, `${tag}: ${later}`);
    const { x, y, width, height } = await slider.boundingBox();
    await page.mouse.click(x + width * (0.5 - 0.45 * sign), y + height / 2);
    assert.ok((await value()) < before + 1, `${tag}: a time near the oldest`);
    const isWhole = await page
      .locator(".head .connection > span")
      .evaluate((text) => text.scrollWidth <= text.clientWidth);
    assert.ok(isWhole, `${tag}: the sign has its whole time`);
  }
});

it("follows the reader's choice without a reload", async (test) => {
  const server = await start(test);
  const { page } = await openPage(test, browser, server.url, { context: { locale: "en" } });
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Language").selectOption("ja");
  await page.getByRole("button", { name: "閉じる" }).click();
  await page.getByText("搭乗最終案内", { exact: true }).waitFor();
  await page.reload();
  await page.getByText("搭乗最終案内", { exact: true }).waitFor();
  assert.equal(new URL(page.url()).search, "");
});

it("marks each text with the language of its script", async (test) => {
  const server = await start(test);
  const { page } = await openPage(test, browser, `${server.url}?lang=de`);
  const place = page.locator("[data-flight='BA 106'] .place");
  await place.waitFor();
  assert.equal(await place.getAttribute("lang"), "ar");
  const city = page.locator("[data-flight='BA 101'] .place");
  await waitUntilEqual(() => city.textContent(), "London");
  assert.equal(await city.getAttribute("lang"), "en");
});
