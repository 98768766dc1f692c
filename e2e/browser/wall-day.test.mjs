// A wall shows a whole recorded day, 1,440 times as fast as it was, while its server, network and page fail.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { isFirefox, launch } from "./chromium.mjs";
import * as faults from "./day-faults.mjs";
import { RecordedDay } from "./recorded-day.mjs";

/** A day in a minute. */
const SPEED = 1_440;
/** Most rows of two hours are on the first page. */
const LAYOUT = { size: 30, maxPages: 2 };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** At hours with many flights, so that the wall misses events. */
const FAULTS = [
  [3, "restart", faults.restart],
  [5, "power cut", faults.kill],
  [7, "lost network", faults.loseNetwork],
  [9, "fault of the page", faults.breakPage],
  [12, "upgrade", faults.upgrade],
  ...(isFirefox ? [] : [[14, "crash of the tab", faults.crashTab]]),
  [16, "power cut without network", faults.killWithoutNetwork],
];

it("a wall is right all day long, through restarts, an upgrade, a lost network and crashes", async (test) => {
  // A wall waits for a random time before it loads a new version.
  const day = await RecordedDay.start(test, browser, {
    speed: SPEED,
    layout: LAYOUT,
    before: "Math.random = () => 0",
  });
  await day.play(FAULTS);
  const { watch, screen, history } = day;
  assert.deepEqual(watch.wrong, []);
  assert.ok(watch.rows > 0 && watch.samples.doubt > 0, JSON.stringify(watch.samples));
  assert.ok(history.events > 2_000, `${history.events}`);
  // The wall was opened, and again after the fault, the upgrade and the crash.
  assert.equal(screen.loads, isFirefox ? 3 : 4);
});
