// What else the page does in a browser.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, shown, visit } from "./chromium.mjs";
import { demo, serve } from "./program.mjs";
import { until, untilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const PHONE = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
};

describe("the page", { concurrency: 4 }, () => {
  it("changes to another board and back", async (test) => {
    const server = await demo(test);
    const { page } = await visit(test, browser, server.url);
    await page.locator("[data-board=jfk]").click();
    await until("flights of the day are shown", async () => (await shown(page)).length > 10);
    assert.equal(new URL(page.url()).pathname, "/boards/jfk");
    const header = page.locator("th[data-column=place][scope=col]");
    assert.equal(await header.textContent(), "Destination");
    await untilEqual(() => server.followers("main"), 0);
    assert.equal(await server.followers("jfk"), 1);

    await page.goBack();
    await page.locator("tr[data-flight=G119]").waitFor();
    assert.equal(await header.textContent(), "Origin");
    await untilEqual(() => server.followers("jfk"), 0);
  });

  it("opens at the address of a board, and keeps it when it is loaded again", async (test) => {
    const server = await demo(test);
    const { page } = await visit(test, browser, `${server.url}/boards/jfk`);
    await page.locator("tr[data-flight]").first().waitFor();
    await page.reload();
    await page.locator("tr[data-flight]").first().waitFor();
    const current = page.locator("[data-board][aria-current=page]");
    assert.equal(await current.getAttribute("data-board"), "jfk");
  });

  it("fits a phone", async (test) => {
    const server = await demo(test);
    for (const board of ["main", "jfk"]) {
      const url = `${server.url}/boards/${board}`;
      const { page } = await visit(test, browser, url, { context: PHONE });
      await until("rows are shown", async () => (await shown(page)).length > 1);
      const [content, screen] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.ok(content <= screen, `${board} is ${content} wide on a screen of ${screen}`);
    }
  });

  it("says how to publish to an empty board, in words that work", async (test) => {
    const server = await serve(test);
    const { page } = await visit(test, browser, server.url);
    const command = await page.locator("pre").innerText();
    const [, url] = /curl -X PUT '([^']+)'/.exec(command);
    const [, body] = /-d '([^']+)'/.exec(command);
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(url, { method: "PUT", headers, body });
    assert.equal(answer.status, 201);
    await untilEqual(() => shown(page), [{ flight: "I768", place: "Rome", state: "", gate: "" }]);
  });
});
