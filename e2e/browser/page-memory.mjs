// The memory of a page in Chromium.

import { readFile } from "node:fs/promises";

/** Bytes used by the page's own objects, after a collection. */
export async function heapBytes(devtools) {
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return usedSize;
}

/** Bytes of the page's process that it shares with no other. The page is the only one of its browser. */
export async function privateBytes(browser) {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
  await devtools.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const sizes = await Promise.all(
    renderers.map(async ({ id }) => {
      const text = await readFile(`/proc/${id}/smaps_rollup`, "utf8");
      const kilobytes = [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].map(([, size]) => +size);
      return kilobytes.reduce((one, other) => one + other, 0) * 1024;
    }),
  );
  return Math.max(...sizes);
}
