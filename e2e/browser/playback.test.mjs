// The playback of a board's past on its page, until it meets the present.

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
  rowsOf,
  stateOf,
  timeText,
} from "./past-board.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

it("plays the past until the reader goes back to the live board", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const page = await openBoard(test, browser, `${server.url}/boards/main`);
  await dragTo(page, morning);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  await button(page, "Play").click();
  await waitUntilEqual(() => stateOf(page, "BA 1"), "landed");
  assert.equal(await connection(page), "past");
  await button(page, "Back to live").click();
  await waitUntilEqual(() => connection(page), "live");
  await waitUntilEqual(() => stateOf(page, "BA 1"), "baggage");
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(await liveSigns(page), []);
});

it("becomes live when the playback meets the present", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const at = timeText(morning);
  const page = await openBoard(test, browser, `${server.url}/boards/main?at=${at}&speed=10`);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  assert.equal(await connection(page), "past");
  await waitUntilEqual(() => connection(page), "live");
  await waitUntilEqual(() => stateOf(page, "BA 1"), "baggage");
  await server.patch("BA%201", { belt: "8" });
  await waitUntilEqual(() => shown(page), await rowsOf(server));
  assert.match(await page.locator(".head .connection").textContent(), /^Live/);
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(await liveSigns(page), []);
});

it("says that a playback has lost its server", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const at = timeText(morning);
  const page = await openBoard(test, browser, `${server.url}/boards/main?at=${at}&speed=1`);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  await server.kill();
  await page.locator(".connection[data-cut]").waitFor();
  await page.locator(".past-notice").getByText("The server does not answer").waitFor();
  assert.equal(await page.locator("main[data-known]").count(), 0);
  assert.deepEqual(await liveSigns(page), []);
});

it("goes on where it was when its server is back", async (test) => {
  const { server, morning } = await boardWithPast(test);
  const url = `${server.url}/boards/main?at=${timeText(morning)}&speed=1`;
  const page = await openBoard(test, browser, url);
  await waitUntilEqual(() => stateOf(page, "BA 1"), "landed");
  await server.kill();
  await page.locator(".past-notice").getByText("The server does not answer").waitFor();
  assert.equal(await stateOf(page, "BA 1"), "landed");
  await server.restart();
  await waitUntilEqual(() => page.locator(".connection[data-cut]").count(), 0);
  assert.equal(await connection(page), "past");
  assert.equal(await page.locator("main[data-known]").count(), 1);
  assert.equal(await stateOf(page, "BA 1"), "landed");
  await waitUntilEqual(() => stateOf(page, "BA 1"), "baggage");
  assert.equal(await connection(page), "past");
  assert.deepEqual(await liveSigns(page), []);
});

it("offers the oldest time if it is to play an older one", async (test) => {
  const { server } = await boardWithPast(test);
  const path = "/boards/main?at=2020-01-01T00:00:00Z&speed=10";
  const page = await openBoard(test, browser, server.url + path);
  const notice = page.locator(".past-notice");
  await notice.getByText("The past of this board begins at").waitFor();
  assert.equal(await connection(page), "past");
  assert.deepEqual(await shown(page), []);
  const slider = page.getByRole("slider", { name: "Time of the board" });
  assert.equal(await slider.inputValue(), await slider.getAttribute("min"));
  assert.ok(await button(page, "Back to live").isEnabled());
  assert.deepEqual(await violations(page), []);

  await button(page, "Play").click();
  await waitUntilEqual(() => stateOf(page, "BA 1"), "expected");
  assert.equal(await notice.getByText("begins at").count(), 0);
  await waitUntilEqual(() => connection(page), "live");
  await waitUntilEqual(() => shown(page), await rowsOf(server));
  assert.deepEqual(await liveSigns(page), []);
});

it("says that too many readers look at the past", async (test) => {
  const { server, morning } = await boardWithPast(test, "--playbacks", "0");
  const url = `${server.url}/boards/main?at=${timeText(morning)}&speed=10`;
  const page = await openBoard(test, browser, url);
  await page.locator(".past-notice").getByText("Too many readers look at the past").waitFor();
  assert.deepEqual(await shown(page), []);
  await button(page, "Back to live").click();
  await waitUntilEqual(() => stateOf(page, "BA 1"), "baggage");
});
