// The page below a base path, behind a proxy that keeps the path and one that removes it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { launch, openPage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A proxy that passes only requests below `/airport/board` on, as `rename` says. Returns its URL. */
async function startProxy(test, server, rename) {
  const proxy = createServer((from, answer) => {
    if (!from.url.startsWith("/airport/board/")) {
      answer.writeHead(404).end("not below the path");
      return;
    }
    const { method, headers } = from;
    const onward = request(server.url + rename(from.url), { method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      answer.flushHeaders();
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    from.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  test.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${proxy.address().port}`;
}

const proxies = {
  keeps: (url) => url,
  removes: (url) => url.replace("/airport/board", ""),
};

describe("below a base path", { concurrency: 2 }, () => {
  for (const [name, rename] of Object.entries(proxies)) {
    it(`the page works behind a proxy that ${name} the path`, async (test) => {
      const server = await startServer(test, "--base-path", "/airport/board");
      const proxy = await startProxy(test, server, rename);
      const headers = { "Content-Type": "application/json" };
      for (const [board, title] of [
        ["main", "Arrivals"],
        ["hall", "Hall B"],
      ]) {
        const url = `${proxy}/airport/board/boards/${board}`;
        await fetch(url, {
          method: "PUT",
          headers,
          body: JSON.stringify({ title }),
        });
        const row = JSON.stringify({ origin: "LAX", arrival: "10:10" });
        const put = await fetch(`${url}/flights/${board.toUpperCase()}1`, {
          ...{ method: "PUT", headers, body: row },
        });
        assert.equal(put.status, 201);
      }
      const { page } = await openPage(test, browser, `${proxy}/airport/board/`);
      await page.locator("[data-flight=MAIN1]").waitFor();
      // The page requests the names of places below the path too.
      await page.getByText("Los Angeles").waitFor();

      await page.locator("[data-board=hall]").click();
      await page.locator("[data-flight=HALL1]").waitFor();
      assert.equal(new URL(page.url()).pathname, "/airport/board/boards/hall");
      await waitUntilEqual(() => server.followers("hall"), 1);
      await page.reload();
      await page.locator("[data-flight=HALL1]").waitFor();
      await page.locator("[data-board=main]").click();
      await page.locator("[data-flight=MAIN1]").waitFor();
      await page.goBack();
      await page.locator("[data-flight=HALL1]").waitFor();
      await server.patch("MAIN1", { gate: "B7" });
      await page.goBack();
      await page.locator("[data-flight=MAIN1]").getByText("B7").waitFor();
    });
  }
});
