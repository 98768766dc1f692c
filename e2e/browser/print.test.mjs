// The board on paper. Only Chromium makes a PDF for a test, or shows it the styles of paper.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { inChromium, launch, openPage } from "./chromium.mjs";
import { boardWithPast, openBoard, stateOf, timeText } from "./past-board.mjs";
import { startServer } from "./program.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Within one hour and a little: a sheet has few names of hours. */
function rows(count) {
  const start = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
  return Array.from({ length: count }, (_, index) => ({
    flight: `BA ${1_000 + index}`,
    destination: "LHR",
    via: ["OSL"],
    airline: "British Airways",
    departure: new Date(start + index * 60_000).toISOString(),
    state: index % 3 === 0 ? "boarding" : "",
    gate: "B4",
    remark: "Please wait in the hall until the gate opens",
  }));
}

const past = Array.from({ length: 60 }, (_, index) => ({
  flight: `AY ${index}`,
  destination: "FCO",
  departure: new Date(Date.now() - 3 * 3_600_000 - index * 60_000).toISOString(),
  state: "departed",
}));

async function open(test, flights) {
  const server = await startServer(test);
  const title = "Departures";
  const removeAfter = { departed: "never" };
  await server.configure({ title, kind: "departures", airport: "HKG", removeAfter });
  await server.add(flights);
  const context = { viewport: { width: 1366, height: 768 }, colorScheme: "dark" };
  const { page } = await openPage(test, browser, server.url, { context });
  await waitUntilEqual(() => page.locator("[data-connection=live]").count(), 1);
  await waitUntilEqual(() => page.locator("[data-flight]").count(), flights.length);
  return { page, server };
}

async function sheets(page, format) {
  const pdf = (await page.pdf({ format })).toString("latin1");
  return pdf.match(/\/Type\s*\/Page\b/g).length;
}

/** The printed page as a document, for its texts and boxes. */
async function printed(page) {
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await page.locator(".printed-head").waitFor();
}

for (const format of ["A4", "Letter"]) {
  inChromium(`prints 40 rows a sheet of ${format}`, async (test) => {
    const { page } = await open(test, [...rows(80), ...past]);
    assert.equal(await sheets(page, format), 2);
    await page.getByRole("button", { name: "60 earlier flights" }).click();
    await page.locator("[data-flight='AY 1']").waitFor();
    const all = await sheets(page, format);
    assert.ok(all > 2, `${all} sheets with the earlier flights`);
  });
}

inChromium("prints in black on white, each row on one line", async (test) => {
  const { page } = await open(test, rows(5));
  await printed(page);
  const colours = await page.locator("[data-flight] .state").evaluateAll((states) =>
    states.map((state) => {
      const { color, backgroundColor } = getComputedStyle(state);
      return `${color} on ${backgroundColor}`;
    }),
  );
  const black = /^rgb\(0, 0, 0\) on (rgb\(255, 255, 255\)|rgba\(0, 0, 0, 0\))$/;
  for (const colour of colours) assert.match(colour, black);
  const heights = await page
    .locator("[data-flight]")
    .evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().height));
  // Millimetres, of which 96 pixels make an inch.
  for (const height of heights) assert.ok((height / 96) * 25.4 < 5.6, `${height} px`);
  for (const hidden of [".head", ".settings", ".stale-notice", ".open-past"]) {
    assert.equal(await page.locator(hidden).isVisible(), false, hidden);
  }
});

it("prints the board, the time and the doubt", async (test) => {
  const { page } = await open(test, rows(50));
  await printed(page);
  const head = page.locator(".printed-head");
  assert.match(
    await head.innerText(),
    /Departures[\s\S]*Hong Kong HKG[\s\S]*As of \d\d:\d\d:\d\d, /,
  );
  assert.equal(await head.locator(".printed-doubt:not(:empty)").count(), 0);

  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  await page.getByRole("button", { name: "Stop updates" }).click();
  await printed(page);
  assert.match(await head.innerText(), /Updates are stopped\. These rows are as of/);
});

inChromium("prints a board of the past as one that is not live", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const context = { colorScheme: "dark" };
  const url = `${server.url}/boards/main?at=${timeText(morning)}`;
  const page = await openBoard(test, browser, url, context);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  await page.locator(".past-bar").waitFor();
  await printed(page);
  const time = new Date(morning).toLocaleTimeString("en-GB", { timeZone: "Europe/London" });
  const head = await page.locator(".printed-head").innerText();
  assert.match(head, new RegExp(`^Arrivals\\s+As of ${time}, .*\\s+Not live: the board as it was`));
  const text = await page.locator("body").innerText();
  assert.doesNotMatch(text.replace("Not live", ""), /\blive\b/i);
  for (const hidden of [".head", ".past-bar"]) {
    assert.equal(await page.locator(hidden).isVisible(), false, hidden);
  }
  const outline = (element) => getComputedStyle(element).outlineStyle;
  assert.equal(await page.locator(".timetable").evaluate(outline), "none");
});

inChromium("repeats the head on each sheet", async (test) => {
  const { page } = await open(test, rows(80));
  assert.equal(await sheets(page, "A4"), 2);
  // On the first sheet only, a higher head would leave room for all rows on two.
  await page.evaluate(() => {
    document.querySelector(".headings > [role=row]").style.height = "50mm";
  });
  assert.equal(await sheets(page, "A4"), 3);
});
