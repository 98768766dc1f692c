// Takes the screenshot for the README, docs/screenshot.png: `npm run screenshot`.

import { fileURLToPath } from "node:url";
import { launch, shown } from "./chromium.mjs";
import { startDemo } from "./program.mjs";
import { waitUntil } from "./wait.mjs";

const picture = fileURLToPath(new URL("../../docs/screenshot.png", import.meta.url));

/** Takes the place of a test: collects the clean-up functions. */
const cleanups = [];
const script = { after: (cleanup) => cleanups.push(cleanup) };

/** The number of different states that the screenshot must show. */
const MIN_STATES = 4;

/** Few flights change at the beginning of the day. */
const WAIT_MILLIS = 300_000;

const browser = await launch();
try {
  const server = await startDemo(script);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${server.url}/boards/jfk`);
  await waitUntil(
    "the board shows enough states",
    async () => {
      const rows = (await shown(page)).slice(0, 7);
      return rows.length === 7 && new Set(rows.map(({ state }) => state)).size >= MIN_STATES;
    },
    WAIT_MILLIS,
  );
  await page.screenshot({ path: picture });
} finally {
  await browser.close();
  for (const cleanup of cleanups) await cleanup();
}
