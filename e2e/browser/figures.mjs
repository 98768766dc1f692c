// Measures how fast the page is, before and after a change: `npm run figures [PROGRAM…]`. Each program is one version of
// flightboard; without one it is the program that the tests use. The last table has the figures of the first program, those
// of the last one, how many times the one is the other, and the goals.

import { launch } from "./chromium.mjs";
import { defaultBinary, startServer } from "./program.mjs";
import { waitUntil } from "./wait.mjs";

const RUNS = Number(process.env.RUNS ?? 3);
const SECONDS = Number(process.env.SECONDS ?? 30);

/** A day and a half of a large airport. */
const ROWS_OF_AN_AIRPORT = 857;
const ROWS_OF_A_STORM = 1_000;
const CHANGES_PER_SECOND_OF_A_STORM = 50;
/** More rows than the page draws as a whole. */
const ROWS_OF_A_HUB = 2_000;
const CHANGES_PER_SECOND_OF_A_HUB = 200;

/** A row on the screen may be as old as this: a page collects changes for 250 ms, and this machine is busy. */
const LAG_MILLIS = 1_000;
const SAMPLE_INTERVAL_MILLIS = 2_000;

/** Within this time all rows are those of the server, once the changes have ended. */
const END_MILLIS = 3_000;

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
  // In a frame, whose layout the browser makes anyway.
  const look = () => {
    const rows = document.querySelectorAll("[data-flight]");
    if ([...rows].some(isShown)) setTimeout(() => (window.figures.first = performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
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

/** For the frames in which new groups are drawn. */
const SCROLL_PAUSE_MILLIS = 150;

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

/** Longest milliseconds from a key to the frame that shows its effect: the browser's own Event Timing. */
async function keyMillis(page, press) {
  await page.evaluate(() => {
    window.keys = [];
    window.observer?.disconnect();
    window.observer = new PerformanceObserver((list) =>
      window.keys.push(...list.getEntries().map(({ duration }) => duration)),
    );
    // The least that browsers report.
    window.observer.observe({ type: "event", durationThreshold: 16 });
  });
  await press();
  await pause(SETTLING_MILLIS / 4);
  return page.evaluate(() => Math.max(0, ...window.keys));
}

async function measureDesk(server, rows) {
  const desk = `${server.url}/boards/main/desk`;
  return withPage(desk, { context: LAPTOP, ...throttled }, async ({ page }) => {
    await pause(SETTLING_MILLIS);
    await page.keyboard.press("/");
    const { flight } = rows.at(-1);
    const type = (text) => () => page.keyboard.type(text, { delay: 200 });
    const first = await keyMillis(page, type(flight[0]));
    const next = await keyMillis(page, type(flight.slice(1)));
    const clear = await keyMillis(page, () => page.keyboard.press("Escape"));
    await page.keyboard.press("ArrowDown");
    const move = await keyMillis(page, () => page.keyboard.press("ArrowDown"));
    const open = await keyMillis(page, () => page.keyboard.press("Enter"));
    const field = await keyMillis(page, type("Boarding"));
    return {
      "first letter of a search, ms": first,
      "next letters, ms": next,
      "end of the search, ms": clear,
      "next row, ms": move,
      "open a flight, ms": open,
      "letters in a field, ms": field,
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
async function change(server, rows, perSecond, log) {
  const answers = [];
  const started = Date.now();
  for (let turn = 0; turn < perSecond * SECONDS; turn += 1) {
    const { flight, date } = rows[(turn * 7) % rows.length];
    const values = { gate: String(1 + (turn % 80)), remark: `Change ${turn}` };
    const answer = server.patch(encodeURIComponent(flight), { date, ...values });
    answers.push(answer.then(() => log?.add(flight, values)));
    await pause(Math.max(0, started + ((turn + 1) * 1_000) / perSecond - Date.now()));
  }
  await Promise.all(answers);
}

/** What each row has had, and until when. */
class ChangeLog {
  #changes = new Map();

  constructor(rows) {
    for (const { flight, gate } of rows) this.#changes.set(flight, [{ gate, remark: "" }]);
  }

  add(flight, values) {
    const changes = this.#changes.get(flight);
    changes.at(-1).until = Date.now();
    changes.push(values);
  }

  /** The rows that show what they have not had since `since`. Values that are not acknowledged yet are right. */
  wrongRows(shown, since) {
    return shown.filter(({ flight, gate, remark }) => {
      const changes = this.#changes.get(flight);
      const turn = Number(remark.replace("Change ", ""));
      const at = changes.findIndex((one) => one.remark === remark);
      if (at === -1) return gate !== String(1 + (turn % 80));
      return gate !== changes[at].gate || (changes[at].until ?? Infinity) < since;
    });
  }
}

/** Runs in the page: the rows in the part of the document that it has drawn. */
function shownRows() {
  const textOf = (row, selector) => row.querySelector(selector)?.textContent ?? "";
  return [...document.querySelectorAll("[data-flight]")].map((row) => ({
    flight: row.dataset.flight,
    gate: textOf(row, "[data-column=gate]"),
    // The state is in the same cell.
    remark:
      [...row.children].map((cell) => /Change \d+$/.exec(cell.textContent)?.[0]).find(Boolean) ??
      "",
  }));
}

/** Scrolls over all rows, also the earlier ones. */
async function allShownRows(page) {
  const shown = new Map();
  await page.evaluate(() => document.querySelector(".earlier button")?.click());
  // The page keeps the button in its place for some frames.
  await pause(1_000);
  await page.evaluate(() => window.scrollTo(0, 0));
  for (let isEnd = false; !isEnd;) {
    // Groups of rows are drawn as they come near the screen.
    await pause(SCROLL_PAUSE_MILLIS);
    for (const row of await page.evaluate(shownRows)) shown.set(row.flight, row);
    isEnd = await page.evaluate(() => {
      const { scrollHeight } = document.documentElement;
      const isEnd = window.scrollY + window.innerHeight >= scrollHeight - 1;
      // Rows are drawn within one screen beyond the edges.
      window.scrollBy(0, 2 * window.innerHeight);
      return isEnd;
    });
  }
  return [...shown.values()];
}

/** Compares the rows on the screen with the server: now and then during the changes, and all of them at the end. */
async function measureRightness(server, rows, perSecond) {
  return withPage(server.url, { context: LAPTOP }, async ({ page }) => {
    await pause(SETTLING_MILLIS);
    await page.evaluate(() => Object.assign(window.figures, { longest: 0, shift: 0 }));
    const log = new ChangeLog(rows);
    let isOver = false;
    const changes = change(server, rows, perSecond, log).then(() => (isOver = true));
    const sampled = { rows: 0, wrong: 0 };
    while (!isOver) {
      const since = Date.now() - LAG_MILLIS;
      const shown = await page.evaluate(shownRows);
      sampled.rows += shown.length;
      sampled.wrong += log.wrongRows(shown, since).length;
      await pause(SAMPLE_INTERVAL_MILLIS);
    }
    await changes;
    await pause(END_MILLIS);
    const { longest, shift } = await figures(page);
    const shown = new Map((await allShownRows(page)).map((row) => [row.flight, row]));
    const wrong = (await server.rows()).filter(({ flight, gate, remark = "" }) => {
      const row = shown.get(flight);
      return row === undefined || row.gate !== gate || row.remark !== remark;
    });
    return {
      "longest task, ms": longest,
      "layout shift, 1/1000": shift * 1_000,
      "wrong rows of those sampled": sampled.wrong,
      "rows sampled": sampled.rows,
      "wrong or missing rows at the end": wrong.length,
    };
  });
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

const SHIFT_GOAL = { "layout shift, 1/1000": 20 };

/** Each with its goals, which are the highest figures wanted. */
const measurements = [
  {
    name: `${ROWS_OF_AN_AIRPORT} rows, phone, CPU ${CPU_SLOWDOWN} times slower`,
    goals: { "first rows, ms": 700, "received, kB": 130, ...SHIFT_GOAL },
    measure: () => withRows(ROWS_OF_AN_AIRPORT, (server) => measureStart(server, throttled)),
  },
  {
    name: "the same on slow 4G",
    goals: { "first rows, ms": 1_500, "received, kB": 130, ...SHIFT_GOAL },
    measure: () =>
      withRows(ROWS_OF_AN_AIRPORT, (server) =>
        measureStart(server, { ...throttled, network: SLOW_4G }),
      ),
  },
  {
    name: `${ROWS_OF_AN_AIRPORT} rows, desk, CPU ${CPU_SLOWDOWN} times slower`,
    goals: {},
    measure: () => withRows(ROWS_OF_AN_AIRPORT, measureDesk),
  },
  {
    name: `${ROWS_OF_AN_AIRPORT} rows, 1 change a second`,
    goals: { "CPU, %": 3, ...SHIFT_GOAL },
    measure: () =>
      withRows(ROWS_OF_AN_AIRPORT, (server, rows) => measureChanges(server, rows, 1, LAPTOP)),
  },
  {
    name: `${ROWS_OF_A_STORM} rows, ${CHANGES_PER_SECOND_OF_A_STORM} changes a second`,
    goals: { "longest task, ms": 50, "main thread busy, %": 15, ...SHIFT_GOAL },
    measure: () =>
      withRows(ROWS_OF_A_STORM, (server, rows) =>
        measureChanges(server, rows, CHANGES_PER_SECOND_OF_A_STORM, LAPTOP),
      ),
  },
  {
    name: `${ROWS_OF_A_HUB} rows, ${CHANGES_PER_SECOND_OF_A_HUB} changes a second`,
    goals: {
      "longest task, ms": 100,
      "wrong rows of those sampled": 0,
      "wrong or missing rows at the end": 0,
      ...SHIFT_GOAL,
    },
    measure: () =>
      withRows(ROWS_OF_A_HUB, (server, rows) =>
        measureRightness(server, rows, CHANGES_PER_SECOND_OF_A_HUB),
      ),
  },
];

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

/** The figures of the first and the last program, which may be the same. */
function comparison(name, goals, columns) {
  const [first, last] = [columns.at(0), columns.at(-1)];
  return Object.keys(last).map((figure) => ({
    measurement: name,
    figure,
    before: first[figure],
    after: last[figure],
    times: last[figure] === 0 ? "" : (first[figure] / last[figure]).toFixed(1),
    goal: goals[figure] ?? "",
    reached: figure in goals ? (last[figure] <= goals[figure] ? "yes" : "no") : "",
  }));
}

const programs = process.argv.slice(2);
if (programs.length === 0) programs.push(process.env.FLIGHTBOARD_BIN ?? defaultBinary);
const wanted = new RegExp(process.env.ONLY ?? "");
const lines = [];
for (const { name, goals, measure } of measurements.filter(({ name }) => wanted.test(name))) {
  const columns = [];
  for (const program of programs) {
    process.env.FLIGHTBOARD_BIN = program;
    columns.push(await medians(measure));
  }
  console.log(`${name}: median of ${RUNS} runs`);
  console.table(Object.fromEntries(programs.map((program, at) => [program, columns[at]])));
  lines.push(...comparison(name, goals, columns));
}
console.table(lines);
