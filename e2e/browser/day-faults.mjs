// The faults of a day on a wall. Each ends once the cause is gone; the wall may still be in doubt then.

import { waitUntil } from "./wait.mjs";

const OTHER_BUILD = "ffffffffffff";

/** Walls spread their reloads over a minute, and look for a new build at their own pace. */
const UPGRADE_TIMEOUT_MILLIS = 180_000;

/** Events that the wall misses while it is alone. */
const MISSED_EVENTS = 20;

/** A planned restart. */
export async function restart(day) {
  await day.server.stop();
  await day.restart();
}

/** A restart after a power cut. */
export async function kill(day) {
  await day.server.kill();
  await day.restart();
}

/** A new version of the server, with a new page: another program, or the same one under another name. */
export async function upgrade(day, program) {
  const before = await day.screen.build();
  await day.server.stop();
  if (program === undefined) day.proxy.build = OTHER_BUILD;
  else process.env.FLIGHTBOARD_BIN = program;
  await day.restart();
  const isNew = async () => ![before, undefined].includes(await day.screen.build());
  await waitUntil("the wall has loaded the new page", isNew, UPGRADE_TIMEOUT_MILLIS);
}

/** Nothing answers. */
export async function loseNetwork(day) {
  day.proxy.isRefusing = true;
  day.proxy.cut();
  await missEvents(day, "lost network");
  day.proxy.isRefusing = false;
}

/** The server is killed and started again while nothing answers. */
export async function killWithoutNetwork(day) {
  day.proxy.isRefusing = true;
  day.proxy.cut();
  await kill(day);
  await missEvents(day, "server killed without network");
  day.proxy.isRefusing = false;
}

/** A page of a network's owner answers for the server. */
export async function meetPortal(day) {
  day.proxy.ownStatus = 200;
  day.proxy.cut();
  await missEvents(day, "captive portal");
  day.proxy.ownStatus = undefined;
}

/** All bytes are lost, and no connection ends. */
export async function fallSilent(day) {
  day.watch.network = "silent";
  day.proxy.hold("all");
  await missEvents(day, "silent network");
  day.proxy.discard("all");
  day.proxy.cut();
  await day.watch.seesNewest("the wall is right after a silent network");
  day.watch.network = "usual";
}

/** The page has a fault of its own. */
export async function breakPage(day) {
  await day.screen.breakPage(() => day.takePicture("fault of the page"));
}

/** The process of the page ends, and the kiosk opens the wall again. */
export async function crashTab(day) {
  await day.screen.crashTab();
}

/** Waits until the wall says that it does not know, and has missed some events. */
async function missEvents(day, name) {
  const newest = day.history.newestNumber();
  await waitUntil(`the wall is in doubt: ${name}`, async () => {
    const sample = await day.screen.sample();
    return sample !== undefined && !sample.isLive;
  });
  await day.takePicture(name);
  // On a slow machine, the day may be over by now.
  const missed = () => day.isOver || day.history.newestNumber() >= newest + MISSED_EVENTS;
  await waitUntil("the wall misses events", missed);
}
