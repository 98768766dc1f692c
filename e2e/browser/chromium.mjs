// A real Chromium, and what a reader sees of a page in it.

import { once } from "node:events";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { PATIENCE_MILLIS } from "./wait.mjs";

export function launch(options) {
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
    ],
  });
}

/** A page of a reader of its own, and what the browser sees while it is open. */
export async function visit(test, browser, url, { context: options, before } = {}) {
  const context = await browser.newContext(options);
  test.after(() => context.close());
  context.setDefaultTimeout(PATIENCE_MILLIS);
  const page = await context.newPage();
  const seen = { requests: [], faults: [], scripts: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.faults.push(String(error)));
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") seen.scripts.push(response);
  });
  if (before) await page.addInitScript(before);
  await page.goto(url);
  return { page, seen };
}

/** A page of another origin, on a port of its own. */
export async function elsewhere(test, html) {
  const server = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html; charset=utf-8");
    answer.end(html);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://localhost:${server.address().port}`;
}

/** Whether a request is for an event stream, by its URL. */
export function isStream(url) {
  return new URL(url).pathname.endsWith("/events");
}

/** The word for the state of the connection. */
export function connection(page) {
  return page.locator("[data-connection]").getAttribute("data-connection");
}

/** Flight, place, state and gate of each row, from top to bottom. */
export function shown(page) {
  return page.locator("tr[data-flight]").evaluateAll((rows) =>
    rows.map((row) => ({
      flight: row.dataset.flight,
      place: row.querySelector("[data-column=place] .place")?.textContent,
      state: row.dataset.state,
      gate: row.querySelector("[data-column=gate]")?.textContent ?? "",
    })),
  );
}

/** The same of rows as the server gives them, in the order in which a page shows them. */
export function asShown(rows) {
  return rows
    .toSorted((one, other) => (one.arrival < other.arrival ? -1 : 1))
    .map(({ flight, origin, state = "", gate = "" }) => ({
      flight,
      place: origin,
      state,
      gate,
    }));
}
