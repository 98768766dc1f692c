// Takes the pictures of `docs/screenshots/`: `npm run screenshots [NAME…]`. Their day is made up, and its flights are around the
// time of the command.

import { mkdir, writeFile } from "node:fs/promises";
import { launch, servePage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { morningZone, punctualDay } from "./punctual-day.mjs";
import { airportRows } from "./sample-airport.mjs";
import { TokenFile } from "./tokens.mjs";

const folder = new URL("../../docs/screenshots/", import.meta.url);

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
const FULL_HD = { viewport: { width: 1920, height: 1080 } };
const PORTRAIT_4K = { viewport: { width: 2160, height: 3840 }, scale: 0.5 };
/** A sheet of A4. */
const PAPER = { viewport: { width: 794, height: 1123 }, media: "print" };
const DARK = { colorScheme: "dark" };

const ENGLISH_BOARD = "/boards/departures?lang=en";

/** Each with its path, its screen, and what is done before the picture is taken. */
const PICTURES = {
  "board-laptop": ["/boards/departures", LAPTOP],
  "board-laptop-dark": ["/boards/departures", { ...LAPTOP, ...DARK }],
  "board-phone": ["/boards/departures", PHONE],
  "board-phone-dark": ["/boards/departures", { ...PHONE, ...DARK }],
  "board-arabic": ["/boards/departures?lang=ar", LAPTOP],
  "board-phone-arabic": ["/boards/departures?lang=ar", PHONE],
  "board-tutorial": ["/boards/main", LAPTOP],
  "board-paper": ["/boards/departures", PAPER],
  "board-paper-arabic": ["/boards/departures?lang=ar", PAPER],
  "board-without-script": ["/boards/departures", { ...LAPTOP, javaScriptEnabled: false }],
  search: [ENGLISH_BOARD, PHONE, (page) => page.getByRole("searchbox").fill("BA 45")],
  flight: [ENGLISH_BOARD, PHONE, openFirstFlight],
  "flight-paper": [ENGLISH_BOARD, PAPER, openFirstFlight],
  past: [ENGLISH_BOARD, LAPTOP, openPast],
  "past-phone-dark": [ENGLISH_BOARD, { ...PHONE, ...DARK }, openPast],
  settings: [
    ENGLISH_BOARD,
    PHONE,
    (page) => page.getByRole("button", { name: "Settings" }).click(),
  ],
  wall: ["/boards/departures/wall", FULL_HD],
  "wall-light": ["/boards/departures/wall?theme=light", FULL_HD],
  "wall-arabic": ["/boards/departures/wall?lang=ar", FULL_HD],
  "wall-portrait-4k": ["/boards/arrivals/wall", PORTRAIT_4K],
  gate: ["/gates/B7", FULL_HD],
  belt: ["/belts/3", FULL_HD],
  airport: ["/airports/FRA", FULL_HD],
  desk: ["/boards/departures/desk", LAPTOP],
  "desk-dark": ["/boards/departures/desk", { ...LAPTOP, ...DARK }],
  "unknown-board": ["/boards/nowhere", LAPTOP],
  boards: ["/boards", LAPTOP],
};

/** Collects the clean-up functions, as a test does. */
const cleanups = [];
const script = { after: (cleanup) => cleanups.push(cleanup) };
const wanted = process.argv.slice(2);

const browser = await launch();
try {
  await mkdir(folder, { recursive: true });
  const server = await startAirport();
  for (const [name, [path, screen, act]] of Object.entries(PICTURES)) {
    await take(name, server.url + path, screen, act);
  }
  const punctuality = await punctualBoard();
  await take("punctuality", punctuality, LAPTOP, showPlots);
  await take("punctuality-phone-dark", punctuality, { ...PHONE, ...DARK }, showPlots);
  await take("element", await foreignPage(server), LAPTOP);
  await take("sign-in", await privateBoard(), PHONE);
  await take("reconnecting", `${server.url}/boards/departures`, LAPTOP, async (page) => {
    await server.kill();
    await page.locator("[data-connection=reconnecting], [data-connection=stale]").waitFor();
  });
} finally {
  await browser.close();
  for (const cleanup of cleanups.reverse()) await cleanup();
}

async function openFirstFlight(page) {
  await page.locator("[data-flight]:visible button").first().click();
  await page.locator(".history li").first().waitFor();
}

/** The board a second before the end of the time bar. */
async function openPast(page) {
  await page.getByRole("button", { name: "Look back in time" }).click();
  const slider = page.getByRole("slider", { disabled: false });
  await slider.press("ArrowLeft");
  await page.locator("main[data-past][data-known] [data-flight]").first().waitFor();
  await slider.blur();
  await page.evaluate(() => window.scrollTo(0, 0));
}

/** A server with the boards of an airport. */
async function startAirport() {
  const server = await startServer(script, "--allow-origin", "*");
  const airport = { airport: "FRA", timeZone: "Europe/Berlin" };
  await server.configure({ ...airport, title: "Departures", kind: "departures" }, "departures");
  await server.configure({ ...airport, title: "Arrivals", kind: "arrivals" }, "arrivals");
  const tutorial = { title: "Arrivals", columns: ["origin", "flight", "arrival", "state"] };
  await server.configure({ ...tutorial, timeZone: "Europe/Berlin" });
  const { departures, arrivals } = airportRows();
  await server.add(departures, "departures");
  await server.add(arrivals, "arrivals");
  await server.add(arrivals.slice(20, 32));
  return server;
}

/** The page of a hotel with the element. */
function foreignPage({ url }) {
  return servePage(
    script,
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Hotel</title>
    <style>body { font: 1.125rem/1.5 Georgia, serif; max-width: 60rem; margin: 2rem auto }</style>
    <script src="${url}/embed.js" async></script>
    <h1>How to reach us</h1><p>Our hotel is ten minutes from the airport.</p>
    <flight-board src="${url}/boards/arrivals" rows="6"></flight-board></html>`,
  );
}

/** The page of a board's punctuality, as of a day that is over. */
async function punctualBoard() {
  const server = await startServer(script);
  const removeAfter = { departed: "never", cancelled: "never" };
  const board = { title: "Departures", kind: "departures", timeZone: morningZone() };
  await server.configure({ ...board, removeAfter });
  await server.add(punctualDay());
  return `${server.url}/boards/main/punctuality`;
}

async function showPlots(page) {
  await page.locator(".plots").waitFor();
}

async function privateBoard() {
  const tokens = await TokenFile.create(script);
  const token = await tokens.add("desk", "publish=*");
  const server = await startServer(script, "--tokens", tokens.path);
  server.token = token;
  await server.configure({ title: "Crew", private: true });
  return `${server.url}/boards/main`;
}

async function take(name, url, { scale = 1, media, ...screen }, act) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...screen });
  const page = await context.newPage();
  await page.goto(url);
  if (screen.javaScriptEnabled !== false) await settle(page);
  await act?.(page);
  if (media) {
    await page.emulateMedia({ media });
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  }
  const session = await context.newCDPSession(page);
  const { width, height } = screen.viewport;
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 85,
    clip: { x: 0, y: 0, width, height, scale },
  });
  await writeFile(new URL(`${name}.webp`, folder), Buffer.from(data, "base64"));
  await context.close();
}

/** Waits until the page draws nothing new: its rows, the names of their places and its fonts are there. */
async function settle(page) {
  await page.waitForLoadState("networkidle").catch(() => {});
  await page.evaluate(() => document.fonts.ready);
}
