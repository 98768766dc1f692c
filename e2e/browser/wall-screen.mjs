// A wall in a browser, as a kiosk has it: it shows one address, and opens it again after the tab has crashed.

import { once } from "node:events";
import { waitUntil } from "./wait.mjs";

export class WallScreen {
  /** The number of times that the page was loaded. */
  loads = 0;
  /** The errors of the page's scripts. */
  errors = [];
  #page;

  /** Opens a wall. `before` runs in the page before its own scripts. */
  static async open(test, browser, url, before = "") {
    const screen = new WallScreen();
    const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
    test.after(() => context.close());
    await context.addInitScript(before);
    screen.context = context;
    screen.url = url;
    await screen.openTab();
    return screen;
  }

  async openTab() {
    const page = await this.context.newPage();
    page.on("load", () => (this.loads += 1));
    page.on("pageerror", (error) => this.errors.push(String(error)));
    await page.goto(this.url);
    await this.#page?.close();
    this.#page = page;
  }

  /** The contents of the wall at one moment; undefined while there is no wall. */
  sample() {
    // A navigation ends the evaluation, and so does a crash.
    return this.#page.evaluate(readWall).catch(() => undefined);
  }

  picture(path) {
    return this.#page.screenshot({ path });
  }

  /** A session of the DevTools protocol. Only in Chromium. */
  async devtools() {
    return this.context.newCDPSession(this.#page);
  }

  /** Ends the process of the page, then opens the wall again. Only in Chromium. */
  async crashTab() {
    const page = this.#page;
    const devtools = await this.devtools();
    const crashed = once(page, "crash");
    // There is no answer.
    devtools.send("Page.crash").catch(() => {});
    await crashed;
    await this.openTab();
  }

  /** Breaks a function that renders times. Waits until the page has failed and loaded itself again. */
  async breakPage(takePicture = () => {}) {
    const page = this.#page;
    await page.evaluate(() => {
      window.isBroken = true;
      Intl.DateTimeFormat.prototype.formatToParts = () => {
        throw new Error("broken on purpose");
      };
    });
    await page.locator(".crash").waitFor();
    await takePicture();
    await waitUntil("the page was loaded again", () =>
      page.evaluate(() => window.isBroken !== true).catch(() => false),
    );
  }

  /** The build of the page. */
  build() {
    const element = this.#page.locator("meta[name=build]");
    return element.getAttribute("content").catch(() => undefined);
  }
}

/** Runs in the page. */
function readWall() {
  if (document.querySelector(".wall") === null) return undefined;
  const textOf = (root, selector) => root.querySelector(selector)?.textContent ?? "";
  const sign = document.querySelector("[data-connection]");
  const isKnown = document.querySelector(".rows[data-known]") !== null;
  const dots = [...document.querySelectorAll(".dots > span")];
  return {
    isLive: sign?.dataset.connection === "live" && sign.dataset.late === undefined && isKnown,
    connection: sign?.dataset.connection,
    clock: textOf(document, ".clock .now"),
    message: textOf(document, ".wall-message h2"),
    page: Math.max(
      0,
      dots.findIndex((dot) => dot.dataset.now !== undefined),
    ),
    pages: dots.length,
    rows: [...document.querySelectorAll("[data-flight]")].map((row) => ({
      flight: row.dataset.flight,
      date: row.dataset.date,
      state: row.dataset.state,
      time: textOf(row, "[data-column=time] :is(s, time)"),
      revised: textOf(row, ".revised time"),
      until: textOf(row, "[data-column=time] .aside"),
      place: textOf(row, "[data-column=place] .code") || textOf(row, "[data-column=place] .place"),
      airline: textOf(row, ".airline"),
      status: textOf(row, "[data-column=status] .text"),
    })),
  };
}
