// Measures the page with a board of 20,000 rows: `npm run many-rows [PROGRAM…]`. Each program is one version of
// flightboard; without one it is the program that the tests use.

import { launch } from "./chromium.mjs";
import { heapBytes, privateBytes } from "./page-memory.mjs";
import { defaultBinary, startServer } from "./program.mjs";
import { waitUntil } from "./wait.mjs";

const ROWS = Number(process.env.ROWS ?? 20_000);
const RUNS = Number(process.env.RUNS ?? 3);
const CHANGES = 5;

/** Far above the minute that the first of these pages needed. */
const ALL_ROWS_TIMEOUT_MILLIS = 300_000;

const states = ["scheduled", "check-in", "boarding", "gate open", "final call", "diverted"];
const airports = ["LHR", "FCO", "CDG", "OSL", "JFK", "SIN", "DEL", "NRT"];

/** The next whole hour, so that no row is over. */
const START = Math.ceil(Date.now() / 3_600_000) * 3_600_000;

/** A row with the fields of an ordinary departure. */
function departure(index) {
  const scheduled = new Date(START + index * 60_000);
  // Later by the same for all, so that the rows keep their order.
  const estimated = new Date(scheduled.getTime() + 20 * 60_000);
  return {
    flight: `FB${10_000 + index}`,
    date: scheduled.toISOString().slice(0, 10),
    destination: airports[index % airports.length],
    airline: "Flightboard Airways",
    codeshares: [`XX${10_000 + index}`],
    departure: scheduled.toISOString(),
    estimated: estimated.toISOString(),
    state: states[index % states.length],
    terminal: `T${(index % 3) + 1}`,
    gate: `B${index % 60}`,
    checkIn: `${index % 100}`,
  };
}

/** Runs in the page before its own scripts. */
function observe(last) {
  window.observed = {};
  const see = (name) =>
    requestAnimationFrame(() => setTimeout(() => (window.observed[name] ??= performance.now())));
  const scroll = () => {
    const row = document.querySelector(`[data-flight="${last}"]`);
    const { bottom } = row?.getBoundingClientRect() ?? { bottom: Infinity };
    if (bottom <= window.innerHeight) return see("last");
    window.scrollTo(0, document.documentElement.scrollHeight);
    requestAnimationFrame(scroll);
  };
  new MutationObserver((_, observer) => {
    if (document.querySelector("[data-flight]") === null) return;
    observer.disconnect();
    see("first");
    requestAnimationFrame(scroll);
  }).observe(document, { subtree: true, childList: true });
}

/** Milliseconds from a `PATCH` to the frame that shows it. */
async function changeMillis(page, server, row, gate) {
  await page.evaluate(
    ([flight, gate]) => {
      const cell = document.querySelector(`[data-flight="${flight}"] [data-column=gate]`);
      new MutationObserver((_, observer) => {
        // The terminal may be in the same cell.
        if (!cell.textContent.endsWith(gate)) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => (window.observed[gate] = Date.now())));
      }).observe(cell, { subtree: true, childList: true, characterData: true });
    },
    [row.flight, gate],
  );
  const sent = Date.now();
  await server.patch(row.flight, { date: row.date, gate });
  return (await waitUntil("the change is shown", () => observed(page, gate))) - sent;
}

const observed = (page, name) => page.evaluate((name) => window.observed[name], name);

async function measure(server, rows) {
  // Each run has a browser of its own, so that none starts with warm caches.
  const browser = await launch();
  try {
    const page = await browser.newPage({
      viewport: { width: 1366, height: 768 },
    });
    await page.addInitScript(observe, rows.at(-1).flight);
    await page.goto(server.url);
    const last = () => observed(page, "last");
    const millis = await waitUntil("the last row is seen", last, ALL_ROWS_TIMEOUT_MILLIS);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.locator(`[data-flight="${rows[0].flight}"]`).waitFor();
    const devtools = await page.context().newCDPSession(page);
    const heap = await heapBytes(devtools);
    const { nodes } = await devtools.send("Memory.getDOMCounters");
    const memory = await privateBytes(browser);
    const changes = [];
    for (let turn = 0; turn < CHANGES; turn += 1) {
      changes.push(await changeMillis(page, server, rows[turn], `X${process.hrtime.bigint()}`));
    }
    return {
      "first rows, ms": await observed(page, "first"),
      "last row, ms": millis,
      "one change, ms": median(changes),
      "JS heap, MB": heap / 1e6,
      "process, MB": memory / 1e6,
      "DOM nodes": nodes,
    };
  } finally {
    await browser.close();
  }
}

function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}

async function measureProgram(program) {
  process.env.FLIGHTBOARD_BIN = program;
  const cleanups = [];
  const server = await startServer({
    after: (cleanup) => cleanups.push(cleanup),
  });
  try {
    const rows = Array.from({ length: ROWS }, (_, index) => departure(index));
    await server.configure({ title: "Departures", kind: "departures" });
    await server.add(rows);
    const runs = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await measure(server, rows));
    const names = Object.keys(runs[0]);
    return Object.fromEntries(
      names.map((name) => [name, Math.round(median(runs.map((run) => run[name])))]),
    );
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

const programs = process.argv.slice(2);
if (programs.length === 0) programs.push(process.env.FLIGHTBOARD_BIN ?? defaultBinary);
const table = {};
for (const program of programs) table[program] = await measureProgram(program);
console.log(`${ROWS} rows, median of ${RUNS} runs`);
console.table(table);
