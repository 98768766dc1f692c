// Takes the README's picture of the page, docs/screenshot.png: `npm run screenshot`.

import { fileURLToPath } from "node:url";
import { launch, shown } from "./chromium.mjs";
import { demo } from "./program.mjs";
import { until } from "./wait.mjs";

const picture = fileURLToPath(new URL("../../docs/screenshot.png", import.meta.url));

/** Stands in for a test: what is to be undone at the end. */
const undone = [];
const script = { after: (undo) => undone.push(undo) };

/** So many kinds of states at once show what a board can say. */
const ENOUGH_STATES = 4;

/** The day begins slowly. */
const WAIT_MILLIS = 300_000;

const browser = await launch();
try {
  const server = await demo(script);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${server.url}/boards/jfk`);
  await until(
    "the board is lively",
    async () => {
      const rows = (await shown(page)).slice(0, 7);
      return rows.length === 7 && new Set(rows.map(({ state }) => state)).size >= ENOUGH_STATES;
    },
    WAIT_MILLIS,
  );
  await page.screenshot({ path: picture });
} finally {
  await browser.close();
  for (const undo of undone) await undo();
}
