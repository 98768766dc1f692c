// The time bar of a board, and links with a time. A board of the past must never pass for a live one.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { violations } from "./axe.mjs";
import { connection, launch, shown } from "./chromium.mjs";
import {
  boardWithPast,
  button,
  dragTo,
  liveSigns,
  openBoard,
  stateOf,
  timeText,
} from "./past-board.mjs";
import { startServer } from "./program.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

it("shows the board as of a time, and is not live", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const page = await openBoard(test, browser, `${server.url}/boards/main`);
  await waitUntilEqual(() => connection(page), "live");
  const live = await signOf(page);

  await dragTo(page, morning);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  assert.equal(await connection(page), "past");
  const past = await signOf(page);
  assert.match(past.text, /^As of \d\d:\d\d/);
  assert.notEqual(past.background, live.background);
  assert.notEqual(past.color, live.color);
  assert.match(await page.title(), /^As of \d\d:\d\d.* · Arrivals$/);
  assert.deepEqual(await violations(page), []);

  await button(page, "Back to live").click();
  await waitUntilEqual(() => connection(page), "live");
  await waitUntilEqual(() => stateOf(page, "BA 1"), "baggage");
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(await liveSigns(page), []);
});

it("opens a link as of its time", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const at = timeText(morning);
  const phone = { viewport: { width: 390, height: 844 }, colorScheme: "dark" };
  const page = await openBoard(test, browser, `${server.url}/boards/main?at=${at}`, phone);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  await page.locator(".past-bar").waitFor();
  assert.deepEqual(await violations(page), []);
  // The live board goes on behind it.
  await server.patch("BA%201", { state: "landed", belt: "9" });
  await page.getByRole("searchbox").fill("jfk");
  await waitUntilEqual(async () => (await shown(page)).map(({ flight }) => flight), ["BA 1"]);
  await page.getByRole("button", { name: /BA 1/ }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Not live: the board as it was").waitFor();
  await dialog.getByText("Added to the board").waitFor();
  assert.equal(await dialog.locator(".history li").count(), 1);
  assert.equal(await dialog.getByRole("button", { name: "Follow" }).count(), 0);
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Close" }).click();
  assert.equal(new URL(page.url()).searchParams.get("at"), at);
  assert.equal(await stateOf(page, "BA 1"), "expected");
  assert.deepEqual(await liveSigns(page), []);
});

it("opens a flight that has left as it was", async (test) => {
  const { server, morning } = await boardWithPast(test);
  await server.remove("QF%202");
  const removed = Date.now();
  const urlAt = (time) => `${server.url}/boards/main/flights/QF%202?at=${timeText(time)}`;
  const response = await fetch(urlAt(morning), { headers: { Accept: "text/html" } });
  assert.equal(response.status, 200);
  const page = await openBoard(test, browser, urlAt(morning));
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Not live: the board as it was").waitFor();
  await dialog.getByText("Sydney").first().waitFor();
  assert.equal(await dialog.getByText("is not on this board").count(), 0);

  await page.goto(urlAt(removed));
  await dialog.getByText("QF 2 is not on this board").waitFor();
  await dialog.getByText(/^As of .*\d\d:\d\d$/).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(await liveSigns(page), []);
});

it("says from when on the past can be had", async (test) => {
  const server = await startServer(test);
  await server.configure({ title: "Arrivals", kind: "arrivals" });
  await server.add([{ flight: "BA 1", origin: "JFK", state: "expected" }]);
  const page = await openBoard(test, browser, `${server.url}/boards/main?at=2020-01-01T00:00:00Z`);
  await page.locator(".waiting").getByText("The past of this board begins at").waitFor();
  assert.deepEqual(await shown(page), []);
  assert.equal(await connection(page), "past");
  assert.deepEqual(await violations(page), []);
  await button(page, "Back to live").click();
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  assert.equal(await connection(page), "live");
});

async function signOf(page) {
  return page.locator(".head .connection").evaluate((sign) => {
    const { backgroundColor: background, color } = getComputedStyle(sign);
    return { text: sign.textContent, background, color };
  });
}
