// Texts that are as long as the server takes them, and right-to-left: no screen scrolls sideways.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, openPage, shown } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntil } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A phone, and half of it for a zoom of 200 %; a laptop at 200 % and at 100 %; a wall. */
const SCREENS = [
  { width: 390, height: 844, isMobile: true },
  { width: 195, height: 422, isMobile: true },
  { width: 683, height: 384 },
  { width: 1366, height: 768 },
  { width: 1920, height: 1080 },
];

const word = (length) => "Taumatawhakatangihanga".repeat(10).slice(0, length);
const arabic = (length) => "مطارالملكعبدالعزيزالدولي".repeat(10).slice(0, length);

const longRow = {
  origin: word(64),
  via: [word(64), word(64), arabic(64)],
  airline: word(64),
  codeshares: [word(16), word(16)],
  arrival: "10:10",
  estimated: "23:50",
  actual: "23:59",
  state: word(40),
  terminal: word(32),
  gate: word(32),
  belt: word(32),
  checkIn: word(32),
  remark: word(200),
};

const rightToLeftRow = {
  ...longRow,
  origin: arabic(64),
  airline: arabic(64),
  state: arabic(40),
  gate: arabic(32),
  remark: arabic(200),
};

const ordinaryRow = {
  origin: "LHR",
  airline: "British Airways",
  codeshares: ["AA6451"],
  arrival: "10:40",
  estimated: "12:10",
  state: "gate closed",
  gate: "B42",
  terminal: "T1",
};

async function withLongTexts(test) {
  const server = await startServer(test);
  await server.configure({ title: word(100), note: word(200), airport: word(64) });
  await server.put("WWWWWWWWWWWWWWWW", longRow);
  await server.put("MMMMMMMMMMMMMMMM", rightToLeftRow);
  await server.put("BA117", ordinaryRow);
  await server.setSource({
    ...{ name: word(64), attribution: arabic(200), link: `https://${word(60)}.example` },
    ...{ status: "failing", reason: word(200), lastAnswer: "2026-11-22T14:00:00Z" },
  });
  await server.configure({ title: arabic(100), note: arabic(200) }, "jeddah");
  return server;
}

async function isWithinScreen(page, name) {
  const [content, screen] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(content <= screen, `${name} is ${content} wide on a screen of ${screen}`);
}

describe("long texts", { concurrency: 2 }, () => {
  for (const { width, height, isMobile } of SCREENS) {
    it(`fit a screen of ${width} pixels`, async (test) => {
      const server = await withLongTexts(test);
      const context = { viewport: { width, height }, isMobile };
      const { page } = await openPage(test, browser, server.url, { context });
      await waitUntil("all rows are shown", async () => (await shown(page)).length === 3);
      await page.locator("[data-board=jeddah]").waitFor();
      await isWithinScreen(page, "the board");

      await server.close("main", word(200));
      await page.locator("[data-connection=closed]").waitFor();
      await isWithinScreen(page, "the closed board");
    });
  }

  it("keep the time, the number and the gate apart", async (test) => {
    const server = await withLongTexts(test);
    const context = { viewport: { width: 1366, height: 768 } };
    const { page } = await openPage(test, browser, server.url, { context });
    await waitUntil("all rows are shown", async () => (await shown(page)).length === 3);
    const overlaps = await page.evaluate(() =>
      [...document.querySelectorAll("[data-flight], .headings > *")].flatMap((row) => {
        const cells = [...row.children].map((cell) => [
          `${row.dataset.flight ?? "heading"} ${cell.dataset.column}`,
          cell.getBoundingClientRect(),
          Math.max(...[...cell.children].map((part) => part.getBoundingClientRect().right)),
        ]);
        return cells
          .filter(([, { right }, end], index) => {
            const next = cells[index + 1]?.[1].left ?? row.getBoundingClientRect().right;
            return right > next || end > next;
          })
          .map(([name]) => name);
      }),
    );
    assert.deepEqual(overlaps, []);
  });
});
