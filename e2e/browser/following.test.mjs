// A followed flight calls its reader: once for each change, and not again after a reconnect or a reload.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { connection, launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Counts notifications in place of a desktop, which a headless browser has not. The count survives a reload. */
function recordNotifications() {
  const recorded = () => JSON.parse(sessionStorage.getItem("notified") ?? "[]");
  window.Notification = class {
    static permission = sessionStorage.getItem("permission") ?? "default";

    static async requestPermission() {
      sessionStorage.setItem("permission", "granted");
      return (this.permission = "granted");
    }

    constructor(title) {
      sessionStorage.setItem("notified", JSON.stringify([...recorded(), title]));
    }
  };
}

const notified = (page) =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem("notified") ?? "[]"));

it("notifies once of each change, through a reconnect", async (test) => {
  const server = await startServer(test);
  await server.configure({ title: "Departures", kind: "departures" });
  const departure = new Date(Date.now() + 3_600_000).toISOString();
  await server.add([{ flight: "CX 797", destination: "CGK", departure, gate: "27" }]);
  const url = `${server.url}/boards/main/flights/CX%20797`;
  const { page } = await openPage(test, browser, url, { before: recordNotifications });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Follow" }).click();
  await dialog.getByRole("button", { name: "Notify me of changes" }).click();
  await dialog.getByRole("button", { name: "Close" }).click();

  await server.patch("CX%20797", { gate: "28" });
  const told = ["On time, gate 28 - CX 797"];
  await waitUntilEqual(() => notified(page), told);
  await server.kill();
  await waitUntilEqual(() => connection(page), "reconnecting");
  const next = await server.restart();
  await next.patch("CX%20797", { gate: "29" });
  told.push("On time, gate 29 - CX 797");
  await waitUntilEqual(() => notified(page), told);
  await waitUntilEqual(() => connection(page), "live");

  await page.reload();
  await waitUntilEqual(() => connection(page), "live");
  // The first notification after the reload is of the next change.
  await next.patch("CX%20797", { state: "boarding" });
  told.push("Boarding, gate 29 - CX 797");
  await waitUntilEqual(() => notified(page), told);
  assert.equal(await page.title(), "Boarding, gate 29 - CX 797");
});
