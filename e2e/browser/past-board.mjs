// A board with a past of some seconds, and a page that shows it.

import { expectedRows, openPage, shown } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntil } from "./wait.mjs";

const SECOND = 1_000;

/** Records each moment at which the page of the past has a sign of a live board. */
function watchForLiveSigns() {
  window.liveSigns = [];
  const check = () => {
    if (document.querySelector("main[data-past]") === null) return;
    const sign = document.querySelector(".head .connection");
    if (sign.dataset.connection !== "past" || /^live/i.test(sign.textContent)) {
      window.liveSigns.push(sign.outerHTML);
    }
  };
  const options = {
    subtree: true,
    childList: true,
    attributes: true,
    characterData: true,
  };
  new MutationObserver(check).observe(document, options);
}

const CITIES = { JFK: "New York", SYD: "Sydney" };

/** The rows of the server in the form of `shown`. */
export async function rowsOf(server) {
  const rows = await server.rows();
  return expectedRows(rows.map((row) => ({ ...row, origin: CITIES[row.origin] })));
}

/** Waits until whole seconds have passed: the bar goes in steps of a second on so young a board. */
async function seconds(count) {
  const end = (Math.floor(Date.now() / SECOND) + count) * SECOND;
  await waitUntil(`${count} seconds pass`, () => Date.now() >= end);
  return end;
}

/** A board whose flight BA 1 has landed some seconds ago; `morning` is a time before. */
export async function boardWithPast(test, ...args) {
  const server = await startServer(test, ...args);
  await server.configure({
    title: "Arrivals",
    kind: "arrivals",
    timeZone: "Europe/London",
  });
  const arrival = new Date(Date.now() + 3_600_000).toISOString();
  await server.add([
    { flight: "BA 1", origin: "JFK", arrival, state: "expected" },
    { flight: "QF 2", origin: "SYD", arrival, state: "expected", gate: "4" },
  ]);
  const morning = await seconds(2);
  await seconds(3);
  await server.patch("BA%201", { state: "landed" });
  await seconds(4);
  await server.patch("QF%202", { gate: "5" });
  await server.patch("BA%201", { state: "baggage", belt: "7" });
  return { server, morning };
}

/** `at` of a link. */
export function timeText(time) {
  return new Date(time).toISOString().replace(".000Z", "Z");
}

/** Opens a page that records signs of a live board in the past. */
export async function openBoard(test, browser, url, context) {
  const { page } = await openPage(test, browser, url, { context, before: watchForLiveSigns });
  return page;
}

export const liveSigns = (page) => page.evaluate(() => window.liveSigns);

export const button = (page, name) => page.getByRole("button", { name, exact: true }).first();

export async function stateOf(page, flight) {
  return (await shown(page)).find((row) => row.flight === flight)?.state;
}

/** Opens the time bar, and drags its thumb from the end to a time. */
export async function dragTo(page, time) {
  await button(page, "Look back in time").click();
  const input = page.getByRole("slider", { name: "Time of the board" });
  await waitUntil("the oldest time is known", () => input.isEnabled());
  await input.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await input.boundingBox();
  const [min, max] = [
    Number(await input.getAttribute("min")),
    Number(await input.getAttribute("max")),
  ];
  const share = (time / SECOND - min) / (max - min);
  await page.mouse.move(x + width - 8, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.1, y + height / 2, { steps: 5 });
  await page.mouse.move(x + 8 + (width - 16) * share, y + height / 2, {
    steps: 5,
  });
  await page.mouse.up();
  // A pixel more or less may be another second.
  const wanted = time / SECOND;
  for (;;) {
    const value = Number(await input.inputValue());
    if (value === wanted) return;
    await input.press(value < wanted ? "ArrowRight" : "ArrowLeft");
  }
}
