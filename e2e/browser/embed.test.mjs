// The element `<flight-board>` on pages of another origin: `localhost` is another host than the server's `127.0.0.1`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { keyConcurrency, launchForHosts, openPage, startHost } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { TokenFile } from "./tokens.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

const example = new URL("../../docs/examples/embed.html", import.meta.url);

let browser;
before(async () => {
  browser = await launchForHosts();
});
after(() => browser.close());

/** A page with a script of the server and these elements, whose origin may read. */
async function openHost(
  test,
  body,
  { script = "async", head = "", root = "lang=en", ...more } = {},
) {
  const host = await startHost(test, more.name);
  const server = await startServer(test, "--allow-origin", host.origin);
  await server.put("I768", { date: "2026-11-22", origin: "Rome", state: "landing" });
  host.headers = more.headers?.(server.url) ?? {};
  const tag = `<script ${script} src="${server.url}/embed.js"></script>`;
  const content = body(`${server.url}/boards`);
  host.html = `<!doctype html><html ${root}><title>Hotel</title>${head}${tag}
    <main><h1>Hotel</h1>${content}</main></html>`;
  const { page, recorded } = await openPage(test, browser, host.origin, {
    before: recordViolations,
    ...more,
  });
  return { host, server, page, recorded };
}

function recordViolations() {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    window.violations.push(`${violatedDirective} ${blockedURI}`),
  );
}

const main = (boards) => `<flight-board src="${boards}/main"></flight-board>`;

/** Number, date and state of each row in the open shadow trees. */
const rowsOf = (within) =>
  within
    .locator("[data-flight]")
    .evaluateAll((rows) =>
      rows.map(({ dataset: { flight, date, state } }) => [flight, date, state].join(" ")),
    );

const statusOf = (within) =>
  within.locator("[data-connection]").first().getAttribute("data-connection");

const messageOf = (within) => within.locator(".wall-message h2").first().textContent();

describe("the element", { concurrency: keyConcurrency }, () => {
  for (const script of ["async", "type=module"]) {
    it(`shows a live board by a script that is ${script}`, async (test) => {
      const { server, page, recorded } = await openHost(test, main, { script });
      await waitUntilEqual(() => rowsOf(page), ["I768 2026-11-22 landing"]);
      await waitUntilEqual(() => statusOf(page), "live");
      await server.patch("I768", { state: "landed" });
      await waitUntilEqual(() => rowsOf(page), ["I768 2026-11-22 landed"]);

      await server.kill();
      await waitUntilEqual(() => statusOf(page), "reconnecting");
      await page.getByText("What has changed since is not known").waitFor();
      assert.equal(await page.locator(".rows").getAttribute("data-known"), null);
      const restarted = await server.restart();
      await restarted.remove("I768");
      await restarted.put("G119", { origin: "Tokyo" });
      await waitUntilEqual(() => rowsOf(page), ["G119  "]);
      await waitUntilEqual(() => statusOf(page), "live");
      assert.deepEqual(recorded.errors, []);
    });
  }

  it("works in the example of the documentation", async (test) => {
    const host = await startHost(test);
    const server = await startServer(test, "--allow-origin", host.origin);
    await server.put("I768", { origin: "Rome", state: "landing" });
    const html = await readFile(example, "utf8");
    host.html = html.replaceAll("https://airport.example", server.url);
    const { page } = await openPage(test, browser, host.origin);
    await waitUntilEqual(() => rowsOf(page), ["I768  landing"]);
    assert.equal(await page.getByText("Arrivals at the airport").isVisible(), false);
  });

  it("obeys a strict policy of its page", async (test) => {
    const { page, recorded } = await openHost(test, main, {
      headers: (server) => ({
        "Content-Security-Policy":
          // Firefox asks for the icon of the page.
          `default-src 'none'; img-src 'self'; script-src ${server}; connect-src ${server}; ` +
          `font-src ${server}; require-trusted-types-for 'script'; trusted-types 'none'`,
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
      }),
    });
    await waitUntilEqual(() => statusOf(page), "live");
    await waitUntil("the font", () =>
      page.evaluate(() => [...document.fonts].some(({ status }) => status === "loaded")),
    );
    const background = page.locator(".head").evaluate((head) => getComputedStyle(head).background);
    assert.match(await background, /rgb\(10, 14, 19\)/);
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    assert.deepEqual(recorded.errors, []);
  });

  it("shares a stream with others, and closes it", async (test) => {
    const { server, page } = await openHost(test, (boards) => main(boards) + main(boards), {
      // Its pages have no locks, by which tabs share a stream.
      name: "hotel.example",
    });
    await waitUntilEqual(() => rowsOf(page), Array(2).fill("I768 2026-11-22 landing"));
    await waitUntilEqual(() => server.followers(), 1);
    const evaluate = (run) => page.evaluate(run);
    await evaluate(() => (window.kept = document.querySelector("flight-board")).remove());
    await server.patch("I768", { state: "landed" });
    await waitUntilEqual(() => rowsOf(page), ["I768 2026-11-22 landed"]);
    assert.equal(await server.followers(), 1);
    await evaluate(() => document.querySelector("flight-board").remove());
    await waitUntilEqual(() => server.followers(), 0);
    await server.patch("I768", { state: "at gate" });
    await evaluate(() => document.body.append(window.kept));
    await waitUntilEqual(() => rowsOf(page), ["I768 2026-11-22 at gate"]);
    await waitUntilEqual(() => server.followers(), 1);
  });

  it("follows its attributes", async (test) => {
    const { server, page } = await openHost(test, main, { context: { colorScheme: "light" } });
    const soon = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
    await server.configure({ title: "Hall", kind: "departures", timeZone: "UTC" }, "hall");
    const rows = [-300, 10, 20, 30].map((minutes, index) => ({
      flight: `H${index}`,
      destination: "Oslo",
      departure: soon(minutes),
      gate: "4",
    }));
    await server.add(rows, "hall");
    await waitUntilEqual(() => rowsOf(page), ["I768 2026-11-22 landing"]);
    const set = (name, value) =>
      page
        .locator("flight-board")
        .evaluate((board, [name, value]) => board.setAttribute(name, value), [name, value]);
    await set("src", `${server.url}/boards/hall`);
    await waitUntilEqual(() => rowsOf(page), ["H0  ", "H1  ", "H2  ", "H3  "]);
    await waitUntilEqual(() => server.followers("main"), 0);
    await set("rows", "2");
    await waitUntilEqual(() => rowsOf(page), ["H1  ", "H2  "]);
    await set("columns", "time flight");
    const headings = () => page.getByRole("columnheader").allTextContents();
    await waitUntilEqual(headings, ["Time", "Flight"]);
    const ground = () =>
      page.locator(".embed").evaluate((element) => getComputedStyle(element).backgroundColor);
    assert.equal(await ground(), "rgb(238, 241, 244)");
    await set("theme", "dark");
    await waitUntilEqual(ground, "rgb(10, 14, 19)");
    await set("lang", "ar");
    await waitUntilEqual(headings, ["الوقت", "الرحلة"]);
    assert.equal(await page.locator(".embed").getAttribute("dir"), "rtl");
    const height = () => page.locator("[data-flight=H1]").evaluate((row) => row.offsetHeight);
    const before = await height();
    await set("size", "32px");
    await waitUntil("larger rows", async () => (await height()) >= 1.8 * before);
    await set("lang", "en");
    await set("src", "");
    await waitUntilEqual(() => messageOf(page), "No board is named here");
    await waitUntilEqual(() => server.followers("hall"), 0);
  });

  it("searches its board", async (test) => {
    const search = (boards) => `<flight-board src="${boards}/hall" search rows="2"></flight-board>
      ${main(boards)}`;
    const { server, page } = await openHost(test, search, { root: "lang=de" });
    const soon = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
    await server.configure({ title: "Hall", kind: "departures", timeZone: "UTC" }, "hall");
    const rows = [
      { flight: "H1", destination: "Oslo", departure: soon(10) },
      { flight: "H2", destination: "Oslo", departure: soon(20) },
      { flight: "CX 797", destination: "São Paulo", codeshares: ["AA 8892"], departure: soon(90) },
      { flight: "H4", destination: "JFK", departure: soon(120) },
      { flight: "H0", destination: "Bergen", departure: soon(-300) },
      { flight: "H5", destination: "Bergen", departure: soon(500) },
    ];
    await server.add(rows, "hall");
    const [first, second] = [0, 1].map((index) => page.locator("flight-board").nth(index));
    const flights = () => rowsOf(first).then((shown) => shown.map((row) => row.trim()));
    await waitUntilEqual(flights, ["H1", "H2"]);
    assert.equal(await second.locator("input[type=search]").count(), 0);
    const field = first.getByRole("searchbox", { name: "Suche" });
    assert.equal(await field.getAttribute("aria-keyshortcuts"), null);
    for (const [query, found] of [
      ["aa8892", ["CX 797"]],
      ["sao paulo", ["CX 797"]],
      ["new york", ["H4"]],
      ["bergen", ["H5", "H0"]],
      ["h", ["H1", "H2"]],
    ]) {
      await field.fill(query);
      await waitUntilEqual(flights, found);
    }
    assert.deepEqual(await rowsOf(second), ["I768 2026-11-22 landing"]);

    await field.fill("zürich");
    await first.getByText("Kein Flug zu „zürich“").waitFor();
    assert.deepEqual(await violations(page), []);
    await first.getByRole("button", { name: "Zurücksetzen" }).press("Enter");
    await waitUntilEqual(flights, ["H1", "H2"]);
    assert.equal(
      await field.evaluate((input) => input.getRootNode().activeElement === input),
      true,
    );
    await page.keyboard.type("oslo");
    await page.keyboard.press("Escape");
    assert.equal(await field.inputValue(), "");

    // The keys of the page around are its own.
    await field.blur();
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.localName), "body");

    await field.fill("oslo");
    const set = (run) => first.evaluate(run);
    await set((board) => board.setAttribute("lang", "ar"));
    await first.getByRole("searchbox", { name: "بحث" }).waitFor();
    await waitUntilEqual(flights, ["H1", "H2"]);
    await set((board) => board.removeAttribute("search"));
    await field.waitFor({ state: "detached" });
    await set((board) => board.removeAttribute("rows"));
    await waitUntilEqual(async () => (await flights()).length, rows.length);
  });

  it("neither takes styles nor leaves any", async (test) => {
    const hostile = `<style>
      html { font-size: 7px; line-height: 3; letter-spacing: 4px; direction: rtl; }
      * { color: red; text-transform: uppercase; font-family: serif; box-sizing: content-box; }
      div, span, section, button { display: none !important; }
      :root { --row: red; --ink: red; --unit: 40px; --edge: 40px; --columns: 1fr; }
    </style>`;
    const probe = '<p class="row" id="probe">Text</p>';
    const sizes = [];
    for (const head of ["", hostile]) {
      const { page } = await openHost(test, (boards) => main(boards) + probe, { head });
      await waitUntilEqual(() => statusOf(page), "live");
      const size = page.locator("[data-flight]").evaluate((row) => {
        const { height } = row.getBoundingClientRect();
        const { color, fontSize, textTransform, direction } = getComputedStyle(row);
        return { height: Math.round(height), color, fontSize, textTransform, direction };
      });
      sizes.push(await size);
      const alien = page.locator("#probe").evaluate((probe) => getComputedStyle(probe).display);
      assert.equal(await alien, "block");
    }
    assert.deepEqual(sizes[1], sizes[0]);
  });

  it("defines no globals, also twice", async (test) => {
    // Another address of the server, so that the browser runs the script again.
    const other = (boards) => boards.replace("127.0.0.1", "localhost").replace("/boards", "");
    const twice = (boards) => `${main(boards)}<script src="${other(boards)}/embed.js"></script>`;
    const { page, recorded } = await openHost(test, twice, {
      before: () => {
        window.violations = [];
        window.before = new Set([...Object.getOwnPropertyNames(window), "before"]);
      },
    });
    const scripts = () => recorded.requests.filter((url) => url.includes("/flight-board-"));
    await waitUntil("both scripts", () => scripts().length === 2);
    await page.evaluate((scripts) => Promise.all(scripts.map((url) => import(url))), scripts());
    await waitUntilEqual(() => statusOf(page), "live");
    const added = await page.evaluate(() =>
      Object.getOwnPropertyNames(window).filter(
        // Playwright has names of its own.
        (name) => !window.before.has(name) && !name.startsWith("__pw_"),
      ),
    );
    assert.deepEqual(added, []);
    assert.deepEqual(recorded.errors, []);
  });

  it("opens the details of a flight", async (test) => {
    const { page, host } = await openHost(test, main);
    await page.locator("[data-flight=I768]").click();
    await page.getByRole("dialog").getByText("2026-11-22").waitFor();
    assert.equal(page.url(), `${host.origin}/`);
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
  });

  it("works below a base path", async (test) => {
    const base = "/airport/board";
    const host = await startHost(test);
    const args = ["--base-path", base, "--allow-origin", host.origin];
    const server = await startServer(test, ...args);
    await fetch(`${server.url}${base}/boards/main/flights/I768`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ origin: "LAX" }),
    });
    host.html = `<!doctype html><base href="/elsewhere/"><title>Hotel</title>
      <script src="${server.url}${base}/embed.js" async></script>
      <flight-board src="${server.url}${base}/boards/main"></flight-board>`;
    const { page, recorded } = await openPage(test, browser, host.origin);
    await page.getByText("Los Angeles").waitFor();
    const foreign = recorded.requests.filter((url) => url.startsWith(server.url));
    assert.ok(foreign.length > 4, foreign);
    assert.ok(
      foreign.every((url) => url.startsWith(server.url + base)),
      foreign,
    );
  });
});

describe("the element says why there are no rows", { concurrency: 2 }, () => {
  it("for an unknown and a closed board", async (test) => {
    const { server, page } = await openHost(
      test,
      (boards) => main(boards) + `<flight-board src="${boards}/none"></flight-board>`,
    );
    const [first, second] = [0, 1].map((index) => page.locator("flight-board").nth(index));
    await waitUntilEqual(() => messageOf(second), "There is no such board");
    await waitUntilEqual(() => statusOf(second), "absent");
    await waitUntilEqual(() => statusOf(first), "live");
    await server.close("main", "moved to hall B");
    await waitUntilEqual(() => messageOf(first), "This board is closed");
    await first.locator(".wall-message").getByText("moved to hall B").waitFor();
  });

  it("for a private board", async (test) => {
    const host = await startHost(test);
    const tokens = await TokenFile.create(test);
    const token = await tokens.add("publisher", "publish=*");
    const server = await startServer(test, "--tokens", tokens.path, "--allow-origin", "*");
    server.token = token;
    await server.configure({ title: "Hall", private: true });
    host.html = `<!doctype html><script src="${server.url}/embed.js" async></script>
      ${main(`${server.url}/boards`)}`;
    const { page } = await openPage(test, browser, host.origin);
    await waitUntilEqual(() => messageOf(page), "This board is private");
  });

  it("for an origin that is refused", async (test) => {
    const host = await startHost(test);
    const server = await startServer(test);
    await server.put("I768", { origin: "Rome" });
    host.html = `<!doctype html><script src="${server.url}/embed.js" async></script>
      ${main(`${server.url}/boards`)}`;
    const { page } = await openPage(test, browser, "about:blank");
    const logged = [];
    page.on("console", (message) => logged.push(message.text()));
    await page.goto(host.origin);
    await waitUntilEqual(() => messageOf(page), `${host.origin} may not show this board`);
    const option = `--allow-origin ${host.origin}`;
    await page.locator(".wall-message").getByText(option).waitFor();
    assert.ok(
      logged.some((text) => text.endsWith(`start it with ${option}`)),
      logged,
    );
  });

  it("for a server that is away", async (test) => {
    const { server, page } = await openHost(test, main);
    await waitUntilEqual(() => statusOf(page), "live");
    const away = `<flight-board src="http://127.0.0.1:1/boards/main"></flight-board>`;
    await page.evaluate((away) => (document.querySelector("main").innerHTML = away), away);
    await waitUntilEqual(() => statusOf(page), "reconnecting");
    await waitUntilEqual(() => messageOf(page), "Waiting for the timetable");
    await waitUntilEqual(() => server.followers(), 0);
  });
});

describe("axe finds nothing in the element", { concurrency: 2 }, () => {
  for (const theme of ["light", "dark"]) {
    it(`in the ${theme}, on a narrow page from right to left`, async (test) => {
      const two = (boards) => `
        <flight-board theme="${theme}" src="${boards}/main"></flight-board>
        <flight-board theme="${theme}" src="${boards}/none"></flight-board>`;
      const { page } = await openHost(test, two, {
        root: "lang=ar dir=rtl",
        context: { viewport: { width: 390, height: 844 } },
      });
      await waitUntilEqual(() => statusOf(page), "live");
      await page.getByRole("heading", { level: 2 }).nth(2).waitFor();
      assert.deepEqual(await violations(page), []);
      const width = page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(await width, 390);
    });
  }
});
