// Shows a whole recorded day on a wall, at speed, while its server, network and page fail: `npm run wall-day [PROGRAM]`. The
// program is a later version of flightboard for the upgrade; without one the same page comes under another name. MINUTES
// (24) is how long the day takes. Pictures go to FOLDER (target/wall-day).

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium } from "./chromium.mjs";
import * as faults from "./day-faults.mjs";
import { heapBytes } from "./page-memory.mjs";
import { RecordedDay } from "./recorded-day.mjs";
import { waitUntil } from "./wait.mjs";

const MINUTES = Number(process.env.MINUTES ?? 24);
const FOLDER =
  process.env.FOLDER ?? fileURLToPath(new URL("../../target/wall-day", import.meta.url));
const SPEED = Math.round((24 * 60) / MINUTES);
const LAYOUT = { size: 11, maxPages: 4 };
const [program] = process.argv.slice(2);

/** Far above the time that a change needs, on a machine that does other work too. */
const MAX_LAG_MILLIS = 10_000;
/** The page notices after 35 seconds that it hears nothing. */
const MAX_SILENT_LAG_MILLIS = 35_000 + MAX_LAG_MILLIS;

const HOURS_BETWEEN_PICTURES = 2;

/** The hours begin at 03:35 at the airport. */
const FAULTS = [
  [1, "restart", faults.restart],
  [2.5, "power cut", faults.kill],
  [4, "lost network", faults.loseNetwork],
  [5.5, "fault of the page", faults.breakPage],
  [7, "upgrade", (day) => faults.upgrade(day, program)],
  [9.5, "crash of the tab", faults.crashTab],
  [11, "silent network", faults.fallSilent],
  [13, "captive portal", faults.meetPortal],
  [14.5, "power cut without network", faults.killWithoutNetwork],
  [16, "restart", faults.restart],
  [17, "lost network", faults.loseNetwork],
  [18, "crash of the tab", faults.crashTab],
  [19, "power cut", faults.kill],
  [21, "restart", faults.restart],
  [23, "power cut", faults.kill],
];

/** Collects the clean-up functions, as a test does. */
const cleanups = [];
const script = { after: (cleanup) => cleanups.push(cleanup) };

try {
  await mkdir(FOLDER, { recursive: true });
  const browser = await launchChromium();
  script.after(() => browser.close());
  const day = await RecordedDay.start(script, browser, { speed: SPEED, layout: LAYOUT });
  day.takePicture = (name) => takePicture(day, name);
  const memory = {};
  await Promise.all([day.play(FAULTS), watchHours(day, memory)]);
  await takePicture(day, "end");
  memory.end = await memoryOf(day);
  print(day, memory);
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}

/** Measures the memory every hour, and takes a picture every few, to the end of the day. */
async function watchHours(day, memory) {
  for (let hour = 0; !day.isOver; hour += 1) {
    await waitUntil(`hour ${hour}`, () => day.isOver || day.clock.hours() >= hour, Infinity);
    memory[hour] = await memoryOf(day);
    if (hour % HOURS_BETWEEN_PICTURES === 0) await takePicture(day, "usual");
  }
}

async function takePicture(day, name) {
  const time = day.clock.text(day.clock.now()).replace(":", "");
  const hour = String(Math.floor(day.clock.hours())).padStart(2, "0");
  const path = join(FOLDER, `${hour}-${time}-${name.replaceAll(" ", "-")}.png`);
  // There is no page while the tab is opened again.
  await day.screen.picture(path).catch(() => {});
}

/** Empty while the tab is opened again. */
async function memoryOf({ screen }) {
  try {
    const devtools = await screen.devtools();
    const heap = await heapBytes(devtools);
    const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
    await devtools.detach();
    return { "JS heap, MB": Number((heap / 1e6).toFixed(2)), nodes, listeners: jsEventListeners };
  } catch {
    return {};
  }
}

function print({ clock, history, faults, screen, watch }, memory) {
  const { samples, longestLag, wrong } = watch;
  const seconds = (millis) => `${(millis / 1_000).toFixed(1)} s`;
  console.table({
    "hours of the day": clock.hours().toFixed(1),
    "times as fast": SPEED,
    events: history.events,
    ...faults,
    "loads of the page": screen.loads,
    "samples, live": samples.live,
    "samples, in doubt": samples.doubt,
    "samples without a wall": samples.absent,
    "rows compared": watch.rows,
    "longest time behind": seconds(longestLag.usual),
    "the same on a silent network": seconds(longestLag.silent),
    "clock behind at most": seconds(watch.longestClockLag.usual),
    "wrong samples": wrong.length,
  });
  console.log("Memory by hour of the day");
  console.table(memory);
  console.log("Errors of scripts:", screen.errors);
  console.log(`Pictures: ${FOLDER}`);
  for (const one of wrong) console.log("Wrong:", JSON.stringify(one, null, 2));
  const isLate = longestLag.usual > MAX_LAG_MILLIS || longestLag.silent > MAX_SILENT_LAG_MILLIS;
  process.exitCode = wrong.length > 0 || isLate ? 1 : 0;
}
