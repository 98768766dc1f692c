// A real Chromium, and the contents of a page in it.

import { once } from "node:events";
import { createServer } from "node:http";
import { it } from "node:test";
import { chromium, firefox } from "playwright-core";
import { atEnd } from "./at-end.mjs";
import { WAIT_TIMEOUT_MILLIS } from "./wait.mjs";

/** The browser of this run: `chromium`, or `firefox` by WebDriver BiDi. */
export const isFirefox = process.env.BROWSER === "firefox";

/** Defines a test of what no other browser has, or shows to a test. */
export function inChromium(...definition) {
  if (!isFirefox) it(...definition);
}

/** How many tests with keys run at a time: Firefox gives all keys to its window in front. */
export const keyConcurrency = isFirefox ? 1 : 3;

export function launch(options) {
  return isFirefox ? launchFirefox(options) : launchChromium(options);
}

export function launchChromium({ args = [], ...options } = {}) {
  return chromium.launch({
    ...options,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
  });
}

/** A release of Firefox: with this channel, Playwright does not need a Firefox that it has patched. */
function launchFirefox({ args, ...options } = {}) {
  return firefox.launch({
    ...options,
    channel: "moz-firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    firefoxUserPrefs: {
      // Above the page, as in the headless Chromium.
      "ui.useOverlayScrollbars": 1,
      // As a name server of a foreign page would answer.
      "network.dns.localDomains": "foreign.example,rebound.example,hotel.example",
    },
  });
}

/** A browser for pages of made-up hosts, which are all on this machine. */
export function launchForHosts() {
  return launch({
    args: [
      // As a name server of the foreign page would answer.
      "--host-resolver-rules=MAP *.example 127.0.0.1",
      // Not all browsers have these checks.
      "--disable-features=LocalNetworkAccessChecks",
    ],
  });
}

/** Opens a page in a new context and records its requests, errors and scripts. */
export async function openPage(test, browser, url, { context: options, before } = {}) {
  const context = await browser.newContext(options);
  atEnd(test, async () => {
    if (test.error) console.log(await seen(context));
    await context.close();
  });
  context.setDefaultTimeout(WAIT_TIMEOUT_MILLIS);
  const page = await context.newPage();
  const recorded = { requests: [], errors: [], scripts: [] };
  page.on("request", (request) => recorded.requests.push(request.url()));
  page.on("pageerror", (error) => {
    if (!isConnectionError(error)) recorded.errors.push(String(error));
  });
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") recorded.scripts.push(response);
  });
  if (before) await page.addInitScript(before);
  await page.goto(url);
  return { page, recorded };
}

/** The beginning of each page, as a screen reader has it: why a test has failed is often to be read there. */
async function seen(context) {
  const pages = context.pages().map(async (page) => {
    const text = await page.locator("body").ariaSnapshot({ timeout: 5_000 }).catch(String);
    return `${page.url()}\n${text.slice(0, 3_000)}`;
  });
  return (await Promise.all(pages)).join("\n");
}

/** Firefox reports ended connections among the errors of scripts. */
function isConnectionError({ message }) {
  return isFirefox && /connection to (the server|http)/.test(message);
}

/** A page of another origin, whose HTML and headers may come later. */
export async function startHost(test, name = "localhost") {
  const host = { html: "", headers: {} };
  const web = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    for (const [name, value] of Object.entries(host.headers)) response.setHeader(name, value);
    response.end(host.html);
  });
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  atEnd(test, () => {
    web.close();
    web.closeAllConnections();
  });
  host.origin = `http://${name}:${web.address().port}`;
  return host;
}

/** Serves a page from another origin. */
export async function servePage(test, html, name) {
  const host = await startHost(test, name);
  host.html = html;
  return host.origin;
}

/** True for the URL of an event stream. */
export function isStream(url) {
  return new URL(url).pathname.endsWith("/events");
}

/** The connection state that the page shows. */
export function connection(page) {
  return page.locator("[data-connection]").getAttribute("data-connection");
}

/** Flight, place, state and gate of each row on the page, from top to bottom. */
export function shown(page) {
  return page.locator("[data-flight]").evaluateAll((rows) =>
    rows.map((row) => ({
      flight: row.dataset.flight,
      place: row.querySelector("[data-column=place] .place")?.textContent,
      state: row.dataset.state,
      gate: row.querySelector("[data-column=gate]")?.textContent ?? "",
    })),
  );
}

/** The rows of the server in the form and order of `shown`. */
export function expectedRows(rows) {
  return rows
    .toSorted((one, other) => Date.parse(one.arrivalInstant) - Date.parse(other.arrivalInstant))
    .map(({ flight, origin, state = "", gate = "" }) => ({
      flight,
      place: origin,
      state,
      gate,
    }));
}
