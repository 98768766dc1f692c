// Measures how fast the page is, before and after a change: `npm run figures [PROGRAM…]`. Each program is one version of
// flightboard; without one it is the program that the tests use.

import { launch } from "./chromium.mjs";
import { defaultBinary, startServer } from "./program.mjs";
import { waitUntil } from "./wait.mjs";

const RUNS = Number(process.env.RUNS ?? 3);
const SECONDS = Number(process.env.SECONDS ?? 30);

/** A day and a half of a large airport. */
const ROWS_OF_AN_AIRPORT = 857;
const ROWS_OF_A_STORM = 1_000;
const CHANGES_PER_SECOND_OF_A_STORM = 50;

const CPU_SLOWDOWN = 4;

/** The "Slow 4G" of Chromium's developer tools. */
const SLOW_4G = {
  offline: false,
  latency: 562.5,
  downloadThroughput: (1.6 * 1_000_000 * 0.9) / 8,
  uploadThroughput: (750 * 1_000 * 0.9) / 8,
};

const LAPTOP = { viewport: { width: 1366, height: 768 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

const airports = ["LHR", "FCO", "CDG", "OSL", "JFK", "SIN", "DEL", "NRT"];
const airlines = ["Air One", "Northern Lights", "Gulf Stream", "Blue Sky Airways"];

/** Rows that begin twelve hours ago, as on the board of a day that is half over. */
function rowsOf(count) {
  const start = Date.now() - 12 * 3_600_000;
  return Array.from({ length: count }, (_, index) => {
    const departure = new Date(start + index * 2.5 * 60_000);
    const isOver = departure.getTime() < Date.now() - 600_000;
    return {
      flight: `FB ${1_000 + index}`,
      date: departure.toISOString().slice(0, 10),
      destination: airports[index % airports.length],
      airline: airlines[index % airlines.length],
      codeshares: index % 3 === 0 ? [] : [`XX ${index}`, `YY ${index}`],
      departure: departure.toISOString(),
      ...(isOver && { actual: new Date(departure.getTime() + 240_000).toISOString() }),
      state: isOver ? "departed" : "scheduled",
      terminal: "T1",
      gate: String(1 + (index % 80)),
      checkIn: "ABCDE"[index % 5],
    };
  });
}

/** Runs in the page before its own scripts. */
function observe() {
  window.figures = { first: undefined, longest: 0, blocking: 0, shift: 0 };
  const isShown = (row) => row.getBoundingClientRect().height > 0;
  new MutationObserver((_, observer) => {
    if (![...document.querySelectorAll("[data-flight]")].some(isShown)) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.figures.first = performance.now())));
  }).observe(document, { subtree: true, childList: true });
  const listen = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
      type,
      buffered: true,
    });
  listen("longtask", ({ duration }) => {
    window.figures.longest = Math.max(window.figures.longest, duration);
    window.figures.blocking += duration - 50;
  });
  listen("layout-shift", ({ value, hadRecentInput }) => {
    if (!hadRecentInput) window.figures.shift += value;
  });
}

/** Opens the board in a browser of its own, so that no run starts with warm caches. */
async function withPage(url, { context, slowdown = 1, network }, measure) {
  const browser = await launch();
  try {
    const page = await (await browser.newContext(context)).newPage();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Network.enable");
    if (network) await devtools.send("Network.emulateNetworkConditions", network);
    if (slowdown > 1) await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    let bytes = 0;
    devtools.on("Network.dataReceived", (event) => (bytes += event.encodedDataLength));
    await page.addInitScript(observe);
    await page.goto(url, { waitUntil: "commit" });
    await waitUntil("rows are shown", () => page.evaluate(() => window.figures?.first));
    return await measure({ browser, page, devtools, bytes: () => bytes });
  } finally {
    await browser.close();
  }
}

const figures = (page) => page.evaluate(() => window.figures);
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Until the last row is drawn, and the names of the cities are there. */
const SETTLING_MILLIS = 4_000;

async function measureStart(server, conditions) {
  return withPage(server.url, { context: PHONE, ...conditions }, async ({ page, bytes }) => {
    await pause(SETTLING_MILLIS);
    const { first, longest, blocking, shift } = await figures(page);
    return {
      "first rows, ms": first,
      "longest task, ms": longest,
      "blocking, ms": blocking,
      "layout shift, 1/1000": shift * 1_000,
      "received, kB": bytes() / 1_000,
    };
  });
}

/** CPU seconds of the process that renders the page, and of its main thread. */
async function busySeconds({ browser, devtools }) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const { metrics } = await devtools.send("Performance.getMetrics");
  return {
    cpu: Math.max(...renderers.map(({ cpuTime }) => cpuTime)),
    main: metrics.find(({ name }) => name === "TaskDuration").value,
  };
}

async function measureChanges(server, rows, perSecond, context) {
  return withPage(server.url, { context }, async (opened) => {
    const { page, devtools } = opened;
    await devtools.send("Performance.enable");
    await pause(SETTLING_MILLIS);
    await page.evaluate(() => Object.assign(window.figures, { longest: 0, shift: 0 }));
    const before = await busySeconds(opened);
    const started = Date.now();
    await change(server, rows, perSecond);
    const seconds = (Date.now() - started) / 1_000;
    const after = await busySeconds(opened);
    const { longest, shift } = await figures(page);
    return {
      "longest task, ms": longest,
      "main thread busy, %": ((after.main - before.main) / seconds) * 100,
      "CPU, %": ((after.cpu - before.cpu) / seconds) * 100,
      "layout shift, 1/1000": shift * 1_000,
    };
  });
}

/** Changes rows evenly over the whole board, at a rate that does not depend on the answers. */
async function change(server, rows, perSecond) {
  const answers = [];
  const started = Date.now();
  for (let turn = 0; turn < perSecond * SECONDS; turn += 1) {
    const { flight, date } = rows[(turn * 7) % rows.length];
    const gate = String(1 + (turn % 80));
    answers.push(
      server.patch(encodeURIComponent(flight), { date, gate, remark: `Change ${turn}` }),
    );
    await pause(Math.max(0, started + ((turn + 1) * 1_000) / perSecond - Date.now()));
  }
  await Promise.all(answers);
}

async function withRows(count, measure) {
  const cleanups = [];
  const server = await startServer({ after: (cleanup) => cleanups.push(cleanup) });
  try {
    const rows = rowsOf(count);
    const removeAfter = { departed: "never" };
    await server.configure({ title: "Departures", kind: "departures", removeAfter });
    await server.add(rows);
    return await measure(server, rows);
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

const throttled = { slowdown: CPU_SLOWDOWN };

const measurements = {
  [`${ROWS_OF_AN_AIRPORT} rows, phone, CPU ${CPU_SLOWDOWN} times slower`]: () =>
    withRows(ROWS_OF_AN_AIRPORT, (server) => measureStart(server, throttled)),
  "the same on slow 4G": () =>
    withRows(ROWS_OF_AN_AIRPORT, (server) =>
      measureStart(server, { ...throttled, network: SLOW_4G }),
    ),
  [`${ROWS_OF_AN_AIRPORT} rows, 1 change a second`]: () =>
    withRows(ROWS_OF_AN_AIRPORT, (server, rows) => measureChanges(server, rows, 1, LAPTOP)),
  [`${ROWS_OF_A_STORM} rows, ${CHANGES_PER_SECOND_OF_A_STORM} changes a second`]: () =>
    withRows(ROWS_OF_A_STORM, (server, rows) =>
      measureChanges(server, rows, CHANGES_PER_SECOND_OF_A_STORM, LAPTOP),
    ),
};

function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}

async function medians(measure) {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await measure());
  return Object.fromEntries(
    Object.keys(runs[0]).map((name) => [name, Math.round(median(runs.map((run) => run[name])))]),
  );
}

const programs = process.argv.slice(2);
if (programs.length === 0) programs.push(process.env.FLIGHTBOARD_BIN ?? defaultBinary);
for (const [name, measure] of Object.entries(measurements)) {
  const table = {};
  for (const program of programs) {
    process.env.FLIGHTBOARD_BIN = program;
    table[program] = await medians(measure);
  }
  console.log(`${name}: median of ${RUNS} runs`);
  console.table(table);
}
