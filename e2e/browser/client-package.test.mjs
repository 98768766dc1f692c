// The examples of the package `flightboard-client`, built as npm publishes it, on pages of another origin.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntilEqual } from "./wait.mjs";

const client = fileURLToPath(new URL("../../web/packages/flightboard-client", import.meta.url));
const run = promisify(execFile);
/** Of the script with all but the hook. */
const MAX_BYTES = 4_096;
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript" };

let browser;
let built;
before(async () => {
  browser = await launch();
  built = await mkdtemp(join(tmpdir(), "flightboard-client-"));
  await run("npm", ["run", "build"], { cwd: client });
  await run("npm", ["run", "examples", "--", "--outDir", built, "--emptyOutDir"], { cwd: client });
});
after(async () => {
  await browser.close();
  await rm(built, { recursive: true });
});

/** Serves the examples from another origin than the server's. */
async function serveExamples(test) {
  const places = {
    "/plain.html": join(client, "examples/plain.html"),
    "/flightboard-client.js": join(client, "dist/index.js"),
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://examples");
    try {
      const content = await readFile(places[pathname] ?? join(built, pathname));
      response.setHeader("Content-Type", TYPES[extname(pathname)]);
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://localhost:${server.address().port}`;
}

async function openExample(test, name) {
  const examples = await serveExamples(test);
  const server = await startServer(test, "--allow-origin", examples);
  await server.put("I768", { origin: "Rome", state: "landing" });
  const board = encodeURIComponent(`${server.url}/boards/main`);
  const { page, recorded } = await openPage(test, browser, `${examples}/${name}?board=${board}`);
  return { server, page, recorded, examples };
}

const rowsOf = (page) => page.locator("[data-flight]").allTextContents();
const statusOf = (page) => page.locator("#status").textContent();

describe("the client package", { concurrency: 2 }, () => {
  it("has at most 4 KiB compressed", async () => {
    const bytes = gzipSync(await readFile(join(client, "dist/index.js")), { level: 9 }).length;
    assert.ok(bytes <= MAX_BYTES, `${bytes} bytes`);
  });

  for (const name of ["plain.html", "react.html"]) {
    it(`follows a board in ${name}`, async (test) => {
      const { server, page, recorded, examples } = await openExample(test, name);
      await waitUntilEqual(() => rowsOf(page), ["I768 · Rome · landing"]);
      await waitUntilEqual(() => statusOf(page), "live");
      await server.patch("I768", { state: "landed" });
      await server.put("G119", { origin: "Tokyo" });
      await waitUntilEqual(() => rowsOf(page), ["I768 · Rome · landed", "G119 · Tokyo"]);
      const tab = await page.context().newPage();
      await tab.goto(page.url());
      await waitUntilEqual(() => statusOf(tab), "live");
      assert.equal(await server.followers(), 1, "the tabs of this origin share a stream");
      await server.kill();
      await waitUntilEqual(() => statusOf(tab), "reconnecting");
      const restarted = await server.restart();
      await restarted.remove("G119");
      await waitUntilEqual(() => rowsOf(page), ["I768 · Rome · landed"]);
      await waitUntilEqual(() => statusOf(page), "live");
      assert.deepEqual(recorded.errors, []);
      const foreign = recorded.requests.filter((url) => !url.startsWith(examples));
      assert.ok(
        foreign.every((url) => url.startsWith(`${server.url}/boards/main`)),
        foreign,
      );
    });
  }

  it("stops and resumes in React", async (test) => {
    const { server, page } = await openExample(test, "react.html");
    await page.getByRole("button", { name: "Stop" }).click();
    await waitUntilEqual(() => server.followers(), 0);
    await server.patch("I768", { state: "landed" });
    await page.getByRole("button", { name: "Resume" }).click();
    await waitUntilEqual(() => rowsOf(page), ["I768 · Rome · landed"]);
  });
});
