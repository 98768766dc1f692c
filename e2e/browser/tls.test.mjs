// The page over https.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";

/** A certificate for localhost with its key, made for these tests alone. */
const CERTIFICATE = fileURLToPath(new URL("localhost.pem", import.meta.url));

/** Accepts a certificate without an authority. */
const CONTEXT = { ignoreHTTPSErrors: true };

/** More than the six connections that a browser opens to a host in HTTP/1.1. */
const STREAMS = 8;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

function startTlsServer(test, ...more) {
  return startServer(test, "--tls-cert", CERTIFICATE, "--tls-key", CERTIFICATE, ...more);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

describe("the page over https", { concurrency: 2 }, () => {
  it("follows a board by HTTP/2", async (test) => {
    const server = await startTlsServer(test);
    assert.match(server.url, /^https:/);
    const { page } = await openPage(test, browser, server.url, { context: CONTEXT });
    const protocol = () => performance.getEntriesByType("navigation")[0].nextHopProtocol;
    assert.equal(await page.evaluate(protocol), "h2");
    const opened = await page.evaluate(async (count) => {
      const open = () =>
        new Promise((resolve) => {
          new EventSource("/events").addEventListener("timetable", () => resolve(true));
        });
      return Promise.all(Array.from({ length: count }, open));
    }, STREAMS);
    assert.equal(opened.length, STREAMS);
    await page.evaluate(() =>
      fetch("/boards/main/flights/I768", {
        method: "PUT",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ flight: "I768", origin: "London" }),
      }),
    );
    await page.locator("[data-flight=I768]").waitFor();
  });

  it("is reached from port 80", async (test) => {
    const port = await freePort();
    const server = await startTlsServer(test, "--http-redirect", `127.0.0.1:${port}`);
    const url = `http://127.0.0.1:${port}/boards/main`;
    const { page } = await openPage(test, browser, url, { context: CONTEXT });
    assert.equal(page.url(), `${server.url}/boards/main`);
  });
});
