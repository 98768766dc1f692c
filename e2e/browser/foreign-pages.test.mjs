// Pages of other origins that try to publish to a server on the machine of their reader, or to embed its page.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connection, isFirefox, launchForHosts, openPage, servePage } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

/** Forms that `sendAll` posts. */
const FORMS = 3;

/** Changes that its scripts send without a preflight, and waits for. */
const LEAST_SCRIPTS = 15;

const blank = "<!doctype html><title>A foreign page</title>";

let browser;
before(async () => {
  browser = await launchForHosts();
});
after(() => browser.close());

/** Opens a page of the origin `http://foreign.example` on the port of its own server. */
async function openForeign(test) {
  const origin = await servePage(test, blank, "foreign.example");
  const { page } = await openPage(test, browser, origin);
  return { page, origin };
}

/** Records the statuses of changes, those by forms apart. Browsers send preflights themselves. */
function recordChanges(page) {
  const recorded = { forms: [], scripts: [] };
  page.on("response", (response) => {
    const request = response.request();
    if (request.method() === "GET" || request.method() === "OPTIONS") return;
    const byForm = request.isNavigationRequest();
    (byForm ? recorded.forms : recorded.scripts).push(response.status());
  });
  return recorded;
}

/** Sends changes by every means that a page has, and waits for those of scripts. Runs in the page. */
async function sendAll(server) {
  const row = '{"origin":"Foreign"}';
  const line = '{"event":"flightAddition","data":{"flight":"EVIL1"}}';
  const bulk = `${server}/boards/main/flights`;
  const ended = [];
  const send = (url, options) => ended.push(fetch(url, options).catch(() => {}));
  for (const credentials of ["omit", "include"]) {
    const json = { "Content-Type": "application/json" };
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      send(`${bulk}/I768`, { method, body: row, headers: json, credentials });
      send(`${server}/boards/main`, { method, body: "{}", headers: json, credentials });
    }
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    for (const type of types) {
      const options = { method: "POST", body: line, credentials, mode: "no-cors" };
      send(bulk, { ...options, headers: { "Content-Type": type } });
      send(`${server}/aidx`, { ...options, headers: { "Content-Type": type } });
      send(bulk, { ...options, headers: { "Content-Type": type }, keepalive: true });
    }
    send(bulk, { method: "POST", body: new Blob([line]), credentials, mode: "no-cors" });
    send(bulk, { method: "POST", body: line, headers: json, credentials });
  }
  navigator.sendBeacon(bulk, line);
  navigator.sendBeacon(bulk, new Blob([line], { type: "application/json" }));
  const request = new XMLHttpRequest();
  ended.push(new Promise((resolve) => request.addEventListener("loadend", resolve)));
  request.open("POST", bulk);
  request.send(line);
  const encodings = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
  const posts = encodings.map((enctype) => ({ method: "post", action: bulk, enctype }));
  const others = ["put", "delete"].map((method) => ({ method, action: `${bulk}/I768` }));
  for (const attributes of [...posts, ...others]) {
    const frame = document.createElement("iframe");
    frame.name = `frame${document.querySelectorAll("iframe").length}`;
    document.body.append(frame);
    const form = document.body.appendChild(document.createElement("form"));
    form.target = frame.name;
    for (const [name, value] of Object.entries(attributes)) form.setAttribute(name, value);
    const field = form.appendChild(document.createElement("input"));
    [field.name, field.value] = [line.slice(0, 12), line.slice(12)];
    form.submit();
  }
  await Promise.all(ended);
}

/** Puts a row by `fetch`, and returns the status. Runs in the page. */
async function put(server) {
  const headers = { "Content-Type": "application/json" };
  const url = `${server}/boards/main/flights/NEW1`;
  const response = await fetch(url, { method: "PUT", body: "{}", headers }).catch(() => null);
  return response?.status ?? "blocked";
}

describe("a foreign page", { concurrency: 4 }, () => {
  it("changes nothing by any request", async (test) => {
    const server = await startServer(test, "--allow-origin", "*");
    await server.put("I768", { origin: "Rome" });
    const before = await server.rows();
    const { page } = await openForeign(test);
    const { forms, scripts } = recordChanges(page);
    for (const host of ["localhost", "127.0.0.1", "foreign.example"]) {
      const formsBefore = forms.length;
      await page.evaluate(sendAll, `http://${host}:${server.port}`);
      await waitUntil("all forms", () => forms.length === formsBefore + FORMS);
      assert.deepEqual(await server.rows(), before, host);
    }
    // The browser stops what needs a preflight; the server refuses the rest.
    await waitUntil("refusals", () => scripts.length >= 3 * LEAST_SCRIPTS);
    assert.deepEqual(new Set([...forms, ...scripts]), new Set([403]));
  });

  it("publishes if its origin is allowed", async (test) => {
    const { page, origin } = await openForeign(test);
    const server = await startServer(test, "--allow-publish-origin", origin);
    assert.equal(await page.evaluate(put, `http://localhost:${server.port}`), 201);
  });

  it("changes nothing under a name that resolves to the server", async (test) => {
    const server = await startServer(test);
    const url = `http://rebound.example:${server.port}`;
    const { page } = await openPage(test, browser, "about:blank");
    // Its first answer comes from the server of the page, before the name resolves to another address.
    await page.route(`${url}/`, (route) =>
      route.fulfill({ contentType: "text/html", body: blank }),
    );
    await page.goto(`${url}/`);
    await page.unrouteAll();
    assert.equal(await page.evaluate(put, url), 403);
    const { forms, scripts } = recordChanges(page);
    await page.evaluate(sendAll, url);
    await waitUntil("all forms", () => forms.length === FORMS);
    assert.deepEqual(await server.rows(), []);
    assert.deepEqual(new Set([...forms, ...scripts]), new Set([403]));
  });

  it("publishes under a name that is allowed", async (test) => {
    const server = await startServer(test, "--allow-host", "rebound.example");
    const url = `http://rebound.example:${server.port}`;
    const { page } = await openPage(test, browser, url);
    assert.equal(await page.evaluate(put, url), 201);
  });

  it("embeds the page only if it is allowed", async (test) => {
    const { page, origin } = await openForeign(test);
    const embed = async (server) => {
      await page.evaluate((src) => {
        const frame = document.createElement("iframe");
        frame.src = src;
        const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
        document.body.replaceChildren(frame);
        return loaded;
      }, server.url);
      return page.frames()[1];
    };
    const refusing = await embed(await startServer(test));
    await waitUntil("an error", () =>
      refusing.url().startsWith(isFirefox ? "about:" : "chrome-error:"),
    );
    const allowing = await embed(await startServer(test, "--allow-frame-ancestor", origin));
    await waitUntilEqual(() => connection(allowing), "live");
  });
});

it("the page keeps to its own policy", async (test) => {
  const server = await startServer(test);
  await server.put("I768", { origin: "Rome", state: "landing" });
  const { page, recorded } = await openPage(test, browser, server.url, {
    before: () => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
        window.violations.push(`${violatedDirective} ${blockedURI}`),
      );
    },
  });
  await waitUntilEqual(() => connection(page), "live");
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(recorded.errors, []);
  // The policy is in force: a script within the document does not run.
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
  });
  assert.equal(await page.evaluate(() => window.injected), undefined);
  await waitUntil("a violation", () => page.evaluate(() => window.violations.length > 0));
});
