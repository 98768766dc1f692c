// Measures whether the memory of pages stays flat while their rows change: `npm run memory`. MINUTES (60) is how long,
// EVERY (10) the minutes between two measurements.

import { launch } from "./chromium.mjs";
import { heapBytes, privateBytes } from "./page-memory.mjs";
import { startServer } from "./program.mjs";
import { airportRows } from "./sample-airport.mjs";

const MINUTES = Number(process.env.MINUTES ?? 60);
const EVERY = Number(process.env.EVERY ?? 10);
const MINUTE = 60_000;

/** A day and a half of a large airport. */
const DAY = { rowsOfBoard: 857, minutesBetweenRows: 2.5 };

/** No row leaves during the measurement. */
const SETTINGS = {
  title: "Departures",
  kind: "departures",
  removeAfter: { departed: "never", cancelled: "never" },
};

/** Each with the path of its page, and the changes a second of its board. */
const PAGES = {
  "board, 1 change a second": ["/boards/main", 1],
  "board, 10 changes a second": ["/boards/main", 10],
  "wall, 10 changes a second": ["/boards/main/wall", 10],
};

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, Math.max(0, millis)));

/** Collects the clean-up functions, as a test does. */
const cleanups = [];
const script = { after: (cleanup) => cleanups.push(cleanup) };

try {
  const { departures } = airportRows(Date.now(), DAY);
  // The changes make no row longer.
  const rows = departures.map((row) => ({ ...row, remark: remarkOf(0) }));
  const pages = [];
  for (const [name, [path, perSecond]] of Object.entries(PAGES)) {
    pages.push({ name, table: {}, perSecond, ...(await open(path, rows)) });
  }
  const started = Date.now();
  const end = started + MINUTES * MINUTE;
  await Promise.all([
    ...pages.map(({ server, perSecond }) => change(server, rows, perSecond, started, end)),
    measure(pages, started),
  ]);
  for (const { name, table } of pages) {
    console.log(`${name}, ${DAY.rowsOfBoard} rows`);
    console.table(table);
  }
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}

/** Opens a page in a browser of its own, with a server of its own. */
async function open(path, rows) {
  const server = await startServer(script);
  await server.configure(SETTINGS);
  await server.add(rows);
  const browser = await launch();
  script.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  await page.goto(server.url + path);
  await page.locator("[data-connection=live]").waitFor();
  await page.locator("[data-flight]").first().waitFor();
  return { server, browser, devtools: await page.context().newCDPSession(page) };
}

function remarkOf(turn) {
  return `Change ${String(turn).padStart(6, "0")}`;
}

/** Changes rows evenly over the whole board, at a rate that does not depend on the answers. */
async function change(server, rows, perSecond, started, end) {
  for (let turn = 1; Date.now() < end; turn += 1) {
    const { flight, date } = rows[(turn * 7) % rows.length];
    const fields = { date, gate: `B${1 + (turn % 80)}`, remark: remarkOf(turn) };
    // After a failure, as by a pause of the machine, it is not sent again: the next one is another row.
    const answer = server
      .patch(encodeURIComponent(flight), fields)
      .catch((error) => console.error(`a change failed: ${error.message}`));
    await pause(started + (turn * 1_000) / perSecond - Date.now());
    await answer;
  }
}

/** Takes the memory of all pages at the begin, and every few minutes. */
async function measure(pages, started) {
  for (let minutes = 0; minutes <= MINUTES; minutes += EVERY) {
    await pause(started + minutes * MINUTE - Date.now());
    for (const { name, table, browser, devtools } of pages) {
      const memory = await memoryOf(browser, devtools);
      table[`${minutes} min`] = memory;
      console.log(`${minutes} min, ${name}: ${memory["JS heap, MB"]} MB`);
    }
  }
}

async function memoryOf(browser, devtools) {
  const heap = await heapBytes(devtools);
  const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
  return {
    "JS heap, MB": Number((heap / 1e6).toFixed(2)),
    "process, MB": Number(((await privateBytes(browser)) / 1e6).toFixed(1)),
    "DOM nodes": nodes,
    "event listeners": jsEventListeners,
  };
}
