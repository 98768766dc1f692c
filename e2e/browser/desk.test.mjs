// The desk of a board: changes by a person beside a board's page, a feed, and another publisher.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { inChromium, keyConcurrency, launch, openPage } from "./chromium.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { startServer } from "./program.mjs";
import { TokenFile } from "./tokens.mjs";
import { waitUntil, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const HOUR_MILLIS = 3_600_000;

const departure = new Date(Math.ceil(Date.now() / HOUR_MILLIS + 1) * HOUR_MILLIS).toISOString();
const date = departure.slice(0, 10);
const BA117 = `BA117?date=${date}`;

/** A server whose board `main` has three departures. */
async function startBoard(test, { token, args = [] } = {}) {
  const server = await startServer(test, ...args);
  server.token = token;
  await server.configure({ title: "Departures", kind: "departures", timeZone: "Europe/Rome" });
  await server.put(BA117, { destination: "London", departure, state: "scheduled", gate: "B4" });
  await server.put(`LH2?date=${date}`, { destination: "Munich", departure });
  await server.put(`AZ3?date=${date}`, { destination: "Milan", departure });
  return server;
}

async function openDesk(test, server, options) {
  const { page, recorded } = await openPage(
    test,
    browser,
    `${server.url}/boards/main/desk`,
    options,
  );
  await page.locator(".desk-row").first().waitFor();
  return { page, recorded };
}

/** Finds a flight and opens it, by the keyboard alone. The focus is in the field of the state. */
async function openRow(page, flight) {
  await page.keyboard.press("/");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(flight);
  await page.locator(".desk-list li").nth(1).waitFor({ state: "detached" });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(".editor h2").filter({ hasText: flight }).waitFor();
  await waitUntilEqual(() => focusedLabel(page), "State");
}

function focusedLabel(page) {
  return page.evaluate(() => document.activeElement?.labels?.[0]?.textContent);
}

/** Replaces the text of a field that the Tab key reaches. */
async function typeInto(page, label, text) {
  for (let step = 0; (await focusedLabel(page)) !== label; step++) {
    assert.ok(step < 30, `the Tab key does not reach ${label}`);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Control+A");
  if (text === "") await page.keyboard.press("Delete");
  else await page.keyboard.type(text);
}

async function changeGate(page, gate) {
  await openRow(page, "BA117");
  await typeInto(page, "Gate", gate);
  await page.keyboard.press("Control+Enter");
}

async function rowOf(server, flight = "BA117") {
  return (await server.rows()).find((row) => row.flight === flight);
}

const gateOf = async (server) => (await rowOf(server)).gate;

async function notice(page, text) {
  const shown = async () => (await page.locator(".desk-notice").allInnerTexts()).join();
  const withText = async () => {
    const notice = await shown();
    return notice.includes(text) ? text : notice;
  };
  await waitUntilEqual(withText, text);
}

/** A line of a feed. */
async function feed(server, data) {
  const response = await fetch(`${server.url}/boards/main/flights`, {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson" },
    body: JSON.stringify({ event: "flightStateUpdate", feed: true, data }),
  });
  assert.equal((await response.text()).includes('"title"'), false);
}

/** The number of the newest event: each change takes one. */
async function newestSeq(server) {
  const response = await fetch(`${server.url}/boards/main`, {
    headers: { Accept: "application/json" },
  });
  return Number((await response.json()).id.split("-")[1]);
}

describe("the desk", { concurrency: keyConcurrency }, () => {
  it("changes a gate on other screens", async (test) => {
    const server = await startBoard(test);
    const { page: board } = await openPage(test, browser, `${server.url}/boards/main`);
    const { page, recorded } = await openDesk(test, server);
    const row = page.locator(`li[data-flight="BA117"][data-date="${date}"]`);
    await row.waitFor();
    await changeGate(page, "B9");
    await notice(page, "Made: BA117, Gate B9.");
    await board.locator('[data-flight="BA117"]').filter({ hasText: "B9" }).waitFor();
    await row.filter({ hasText: "B9" }).waitFor();
    // The focus is on the row again, so the arrow keys go on from there.
    const focused = () => page.evaluate(() => document.activeElement.closest("li")?.dataset.flight);
    await waitUntilEqual(focused, "BA117");
    assert.deepEqual(recorded.errors, []);
  });

  it("reaches the last of many rows", async (test) => {
    const server = await startBoard(test);
    const many = Array.from({ length: 150 }, (_, index) => ({
      flight: `XX${1000 + index}`,
      date,
      destination: "Oslo",
      departure: new Date(Date.parse(departure) + index * 60_000).toISOString(),
    }));
    await server.add(many);
    const { page } = await openDesk(test, server);
    await waitUntilEqual(() => page.locator(".desk-row").count(), 153);
    await page.keyboard.press("/");
    await page.keyboard.type("oslo");
    await waitUntilEqual(() => page.locator(".desk-row").count(), 150);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.locator(".editor h2").filter({ hasText: "XX1149" }).waitFor();
  });

  it("publishes a time on its day", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await typeInto(page, "Estimated", "+95");
    await page.locator(".field-help").filter({ hasText: "1 h 35 min late" }).waitFor();
    await typeInto(page, "State", "Boarding");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: BA117");
    const { estimated, state } = await rowOf(server);
    assert.equal(Date.parse(estimated) - Date.parse(departure), 95 * 60_000);
    assert.match(estimated, /\+0[12]:00$/);
    assert.equal(state, "boarding");
  });

  it("keeps a bad value unpublished", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await typeInto(page, "Estimated", "25:10");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Not made: correct the marked fields first.");
    await page.locator('.field[data-field="estimated"] .field-error').waitFor();
    assert.equal((await rowOf(server)).estimated, undefined);
  });

  it("holds a field against feeds", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "B9");
    await page.keyboard.press("Alt+l");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: BA117, Gate B9.");
    assert.deepEqual((await rowOf(server)).held, ["gate"]);
    await page.locator('[data-flight="BA117"] .desk-marks').getByText("Held").waitFor();
    await feed(server, { flight: "BA117", date, gate: "C1", remark: "from a feed" });
    assert.equal(await gateOf(server), "B9");
    assert.equal((await rowOf(server)).remark, "from a feed");

    await openRow(page, "BA117");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Alt+l");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: BA117, Gate released.");
    await feed(server, { flight: "BA117", date, gate: "C1" });
    assert.equal(await gateOf(server), "C1");
  });

  it("holds changes where rows have a source", async (test) => {
    const server = await startBoard(test);
    await server.setSource({ name: "Avinor", attribution: "Data from Avinor", status: "current" });
    const { page } = await openDesk(test, server);
    await page.getByText("The rows come from Avinor. A field that you change is held").waitFor();
    await changeGate(page, "B9");
    await notice(page, "Made: BA117, Gate B9.");
    assert.deepEqual((await rowOf(server)).held, ["gate"]);
    await page.keyboard.press("Control+z");
    await notice(page, "Made: the change of BA117 was undone.");
    const { gate, held } = await rowOf(server);
    assert.deepEqual({ gate, held }, { gate: "B4", held: undefined });
  });

  it("shows a change of the same field", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "B9");
    await server.patch(BA117, { gate: "B7" });
    const conflict = page.locator(".conflict");
    await conflict.filter({ hasText: /Gate was changed to B7.* while you typed B9\./ }).waitFor();
    await page.keyboard.press("Control+Enter");
    await notice(page, "Somebody else has changed the same.");
    assert.equal(await gateOf(server), "B7");
    await conflict.getByRole("button", { name: "Put mine" }).press("Enter");
    await conflict.waitFor({ state: "detached" });
    await typeInto(page, "Gate", "B9");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: BA117, Gate B9.");
    assert.equal(await gateOf(server), "B9");
  });

  it("keeps a change that it has not seen", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    let isFirst = true;
    await page.route("**/flights/BA117?*", async (route) => {
      if (route.request().method() === "PATCH" && isFirst) {
        isFirst = false;
        await server.patch(BA117, { gate: "B7" });
      }
      await route.continue();
    });
    await changeGate(page, "B9");
    const conflict = page.locator(".conflict");
    await conflict.filter({ hasText: "Gate was changed to B7" }).waitFor();
    assert.equal(await gateOf(server), "B7");
    await conflict.getByRole("button", { name: "Keep theirs" }).press("Enter");
    await waitUntilEqual(() => page.getByLabel("Gate", { exact: true }).inputValue(), "B7");
  });

  it("changes a row beside other publishers", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await page.route("**/flights/BA117?*", async (route) => {
      if (route.request().method() === "PATCH" && (await rowOf(server)).remark === undefined)
        await server.patch(BA117, { remark: "another field" });
      await route.continue();
    });
    await changeGate(page, "B9");
    await notice(page, "Made: BA117, Gate B9.");
    const { gate, remark } = await rowOf(server);
    assert.deepEqual({ gate, remark }, { gate: "B9", remark: "another field" });
  });

  it("keeps drafts while others change rows", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "B9");
    await page.keyboard.press("Escape");
    await openRow(page, "LH2");
    await page.keyboard.press("Escape");
    await server.patch(BA117, { gate: "B7", remark: "by somebody else" });
    await page.keyboard.press("/");
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    const row = page.locator('li[data-flight="BA117"]');
    await row.filter({ hasText: "B7" }).filter({ hasText: "not published" }).waitFor();
    await openRow(page, "BA117");
    await page.locator(".conflict").filter({ hasText: "while you typed B9." }).waitFor();
    assert.equal(await page.getByLabel("Gate", { exact: true }).inputValue(), "B9");
    assert.equal(await page.getByLabel("Remark").inputValue(), "by somebody else");
    await server.remove(BA117);
    await page.getByText("This flight has left the board. What you typed is still here.").waitFor();
    assert.equal(await page.getByLabel("Gate", { exact: true }).inputValue(), "B9");
  });

  // Firefox does not show a page that a test has changed on its way.
  inChromium("offers a new version of the page", async (test) => {
    const server = await startBoard(test);
    // The heartbeats of the server name another build than this page.
    const { page } = await openPage(test, browser, "about:blank");
    await page.route("**/boards/main/desk", async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/(name="build" content=")[^"]*/, "$1older");
      await route.fulfill({ response, body });
    });
    await page.goto(`${server.url}/boards/main/desk`);
    await page.locator(".desk-row").first().waitFor();
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "B9");
    await notice(page, "The server has a new version of this page.");
    assert.equal(await page.getByLabel("Gate", { exact: true }).inputValue(), "B9");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: BA117, Gate B9.");
    await page.unroute("**/boards/main/desk");
    await page.getByRole("button", { name: "Load it" }).press("Enter");
    await page.locator('meta[name="build"]:not([content="older"])').waitFor({ state: "attached" });
    await page.locator(".desk-row").first().waitFor();
    assert.equal(await page.getByText("new version").count(), 0);
  });

  it("undoes its change alone", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await changeGate(page, "B9");
    await notice(page, "Made: BA117, Gate B9.");
    await page.keyboard.press("Control+z");
    await notice(page, "Made: the change of BA117 was undone.");
    assert.equal(await gateOf(server), "B4");

    await changeGate(page, "B10");
    await notice(page, "Made: BA117, Gate B10.");
    await server.patch(BA117, { gate: "C1" });
    await page.keyboard.press("Control+z");
    await notice(page, "Not made: BA117.");
    assert.equal(await gateOf(server), "C1");
  });

  it("knows its own changes before the stream", async (test) => {
    const server = await startBoard(test);
    const proxy = await FaultProxy.to(test, server);
    const { page } = await openDesk(test, proxy);
    const row = page.locator(`li[data-flight="BA117"]`);
    await changeGate(page, "B9");
    await row.filter({ hasText: "B9" }).waitFor();
    proxy.hold("streams");
    await page.keyboard.press("Control+z");
    await notice(page, "Made: the change of BA117 was undone.");
    await changeGate(page, "B10");
    await notice(page, "Made: BA117, Gate B10.");
    assert.equal(await row.filter({ hasText: "B9" }).count(), 1, "the stream is held");
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "B11");
    proxy.release("streams");
    await row.filter({ hasText: "B10" }).waitFor();
    assert.equal(await page.locator(".conflict").count(), 0);
    assert.equal(await gateOf(server), "B10");
  });

  it("adds a flight and takes it back", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await page.keyboard.press("a");
    await typeInto(page, "Flight number", "XX9");
    await typeInto(page, "Date", date);
    await typeInto(page, "Departure", "2345");
    await typeInto(page, "Destination", "Oslo");
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: XX9 was added.");
    const { flight, departure: time, destination } = await rowOf(server, "XX9");
    assert.deepEqual({ flight, destination }, { flight: "XX9", destination: "Oslo" });
    assert.match(time, new RegExp(`^${date}T23:45:00\\+0[12]:00$`));
    await page.locator('li[data-flight="XX9"]').waitFor();
    await page.keyboard.press("Control+z");
    await notice(page, "Made: the change of XX9 was undone.");
    assert.equal(await rowOf(server, "XX9"), undefined);
  });

  it("cancels a flight after a question", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await page.keyboard.press("Escape");
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog");
    await dialog.filter({ hasText: "Cancel BA117, London" }).waitFor();
    await page.keyboard.press("Escape");
    // A closed dialog has no role any more, but the page takes the next key only once it is removed.
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal((await rowOf(server)).state, "scheduled");
    await page.keyboard.press("c");
    await dialog.waitFor();
    await page.keyboard.press("Enter");
    await notice(page, "Made: BA117, State Cancelled.");
    assert.equal((await rowOf(server)).state, "cancelled");
  });

  it("pastes the good lines", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await page.keyboard.press("p");
    const text = [
      "Flight\tDate\tGate\tState",
      `BA117\t${date}\tC3\tboarding`,
      `LH2\t${date}\t${"x".repeat(40)}\t`,
      `NEW1\t${date}\tD1\t`,
    ].join("\n");
    await page.getByLabel("Rows with headings").fill(text);
    const second = page.locator('.paste-lines [data-line="3"]');
    await second.filter({ hasText: "Gate must have at most 32 characters" }).waitFor();
    await page.getByRole("button", { name: "Publish 2 of 3 lines" }).waitFor();
    await page.keyboard.press("Control+Enter");
    await notice(page, "2 published, 1 not sent.");
    const results = await page.locator(".paste-lines li").allInnerTexts();
    assert.deepEqual(
      results.map((result) => result.replace(/\s+/g, " ").trim()),
      ["Line 2 BA117 published", "Line 3 LH2 not sent", "Line 4 NEW1 published"],
    );
    assert.equal(await gateOf(server), "C3");
    assert.equal((await rowOf(server, "NEW1")).gate, "D1");
    assert.equal((await rowOf(server, "LH2")).gate, undefined);
  });
});

describe("a desk with a token", { concurrency: keyConcurrency }, () => {
  it("publishes under its name", async (test) => {
    const tokens = await TokenFile.create(test);
    const token = await tokens.add("robot", "publish=*");
    const reader = await tokens.add("screen", "follow=main");
    const anna = await tokens.add("desk-anna", "publish=main");
    const server = await startBoard(test, { token, args: ["--tokens", tokens.path] });
    const { page, recorded } = await openDesk(test, server);
    const form = page.locator(".token-form");
    await form.filter({ hasText: "Publishing needs a token" }).waitFor();

    await changeGate(page, "B9");
    await notice(page, "Not made: BA117.");
    assert.equal(await page.getByLabel("Gate", { exact: true }).inputValue(), "B9");
    assert.equal(await gateOf(server), "B4");

    const signIn = async (token) => {
      await page.getByLabel("Token", { exact: true }).fill(token);
      await page.keyboard.press("Enter");
    };
    await signIn(reader);
    await form.filter({ hasText: "the token may not change the board main" }).waitFor();
    await signIn("flightboard_not_a_token");
    await form.filter({ hasText: "not known here" }).waitFor();
    await signIn(anna);
    await form.waitFor({ state: "detached" });
    await page.getByLabel("Gate", { exact: true }).press("Control+Enter");
    await notice(page, "Made: BA117, Gate B9.");
    assert.equal(await gateOf(server), "B9");
    const kept = await page.evaluate(() => ({
      url: location.pathname,
      cookie: document.cookie,
      storage: { ...localStorage, ...sessionStorage },
    }));
    assert.deepEqual(kept, { url: "/boards/main/desk", cookie: "", storage: {} });
    assert.ok(!recorded.requests.some((url) => url.includes(anna)));

    const changes = page.locator(".changes li").filter({ hasText: "Gate B9" });
    await changes.filter({ hasText: "desk-anna" }).waitFor();
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "D2");
    await server.patch(BA117, { gate: "D1" });
    const told = /Gate was changed to D1 at \d\d:\d\d by robot while you typed D2\./;
    await page.locator(".conflict").filter({ hasText: told }).waitFor();
    await page.getByRole("button", { name: "Keep theirs" }).press("Enter");
    await page.keyboard.press("Escape");

    await tokens.remove("desk-anna");
    let attempts = 0;
    await waitUntil("the token has ended", async () => {
      attempts += 1;
      await changeGate(page, `C${attempts}`);
      const made = page.locator(".desk-notice").filter({ hasText: `Gate C${attempts}.` });
      await form.or(made).first().waitFor();
      return form.isVisible();
    });
  });
});

describe("the desk of a private board", { concurrency: keyConcurrency }, () => {
  /** Signs in by the form of the board, or by that of the right to publish. */
  async function signIn(page, token) {
    await page.getByLabel("Token", { exact: true }).fill(token);
    await page.keyboard.press("Enter");
  }

  async function startPrivate(test) {
    const tokens = await TokenFile.create(test);
    const token = await tokens.add("robot", "publish=*");
    const reader = await tokens.add("screen", "follow=main");
    const anna = await tokens.add("desk-anna", "publish=main follow=main");
    const server = await startBoard(test, { token, args: ["--tokens", tokens.path] });
    await server.configure({ title: "Departures", kind: "departures", private: true });
    const { page, recorded } = await openPage(test, browser, `${server.url}/boards/main/desk`);
    await page.getByRole("heading", { name: "This board needs a token" }).waitFor();
    assert.equal(await page.locator("[data-flight]").count(), 0);
    return { tokens, reader, anna, server, page, recorded };
  }

  it("shows a reader that it may not publish", async (test) => {
    const { reader, anna, server, page, recorded } = await startPrivate(test);
    await signIn(page, reader);
    await page.locator(".desk-row").first().waitFor();
    const form = page.locator(".token-form");
    await form.filter({ hasText: "the token may not change the board main" }).waitFor();
    const tryGate = async (gate) => {
      await changeGate(page, gate);
      await notice(page, "Not made: BA117. The server needs a token that may publish.");
    };
    await tryGate("B9");
    // The cookie alone is left.
    await page.reload();
    await form.filter({ hasText: "Publishing needs a token" }).waitFor();
    await tryGate("B9");
    assert.equal(await gateOf(server), "B4");
    assert.equal(await page.getByLabel("Gate", { exact: true }).inputValue(), "B9");

    await signIn(page, anna);
    await form.waitFor({ state: "detached" });
    await page.getByLabel("Gate", { exact: true }).press("Control+Enter");
    await notice(page, "Made: BA117, Gate B9.");
    assert.equal(await gateOf(server), "B9");
    assert.deepEqual(recorded.errors, []);
  });

  it("publishes after one sign-in", async (test) => {
    const { tokens, anna, server, page } = await startPrivate(test);
    await signIn(page, anna);
    await page.locator(".desk-row").first().waitFor();
    await changeGate(page, "B9");
    await notice(page, "Made: BA117, Gate B9.");
    assert.equal(await page.locator(".token-form").count(), 0);

    // The end of a session takes rows and typed text off the screen.
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "C1");
    await tokens.remove("desk-anna");
    await page.getByRole("heading", { name: "Access to this board has ended" }).waitFor();
    assert.equal(await page.locator("[data-flight]").count(), 0);
    assert.equal(await gateOf(server), "B9");
  });
});

describe("a desk whose server is away", { concurrency: keyConcurrency }, () => {
  // Firefox sends a request that it hands on without its body.
  inChromium("repeats a lost answer once", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    let sent = 0;
    await page.route("**/flights/BA117?*", async (route) => {
      if (route.request().method() !== "PATCH") return route.continue();
      sent += 1;
      if (sent > 1) return route.continue();
      await route.fetch();
      await route.abort();
    });
    const before = await newestSeq(server);
    await changeGate(page, "B9");
    await notice(page, "Unknown: whether the change of BA117 was made.");
    await notice(page, "Made: BA117, Gate B9.");
    assert.equal(sent, 2);
    assert.equal(await newestSeq(server), before + 1);
  });

  it("finishes a change after a restart", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    const before = await newestSeq(server);
    let isKilled = false;
    await page.route("**/flights/BA117?*", async (route) => {
      if (route.request().method() === "PATCH" && !isKilled) {
        isKilled = true;
        await server.kill();
      }
      await route.continue();
    });
    await changeGate(page, "B9");
    await notice(page, "Unknown: whether the change of BA117 was made.");
    await page.locator(".stale-notice").waitFor();
    const restarted = await server.restart();
    await notice(page, "Made: BA117, Gate B9.");
    await page.locator(".desk-notice[data-tone=unknown]").waitFor({ state: "detached" });
    assert.equal(await gateOf(restarted), "B9");
    assert.equal(await newestSeq(restarted), before + 1);
  });

  it("keeps what was typed", async (test) => {
    const server = await startBoard(test);
    const { page } = await openDesk(test, server);
    await openRow(page, "BA117");
    await typeInto(page, "Gate", "B9");
    await server.kill();
    await page.keyboard.press("Control+Enter");
    await notice(page, "Not made: BA117. The server does not answer. What you typed is kept.");
    assert.equal(await page.getByLabel("Gate", { exact: true }).inputValue(), "B9");
    const restarted = await server.restart();
    await page.locator("main[data-known]").waitFor();
    await page.keyboard.press("Control+Enter");
    await notice(page, "Made: BA117, Gate B9.");
    assert.equal(await gateOf(restarted), "B9");
  });
});

const looks = [
  { name: "light", colorScheme: "light", viewport: { width: 1366, height: 768 } },
  { name: "dark on a phone", colorScheme: "dark", viewport: { width: 390, height: 844 } },
];

describe("the desk for everybody", { concurrency: keyConcurrency }, () => {
  for (const { name, ...context } of looks) {
    it(`has no violations, ${name}`, async (test) => {
      const server = await startBoard(test);
      const { page } = await openDesk(test, server, { context });
      const check = async (state) => assert.deepEqual(await violations(page), [], state);
      await check("list");
      await openRow(page, "BA117");
      await typeInto(page, "Gate", "B9");
      await server.patch(BA117, { gate: "B7" });
      await page.locator(".conflict").waitFor();
      await typeInto(page, "Estimated", "25:10");
      await check("editor");
      await page.keyboard.press("Escape");
      await page.keyboard.press("a");
      await check("addition");
      await page.keyboard.press("Escape");
      await page.keyboard.press("p");
      await page.getByLabel("Rows with headings").fill("Flight\tGate\nLH2\tC1\n*\tC2");
      await check("paste");
      await page.keyboard.press("Control+Enter");
      await notice(page, "1 published, 1 not sent.");
      await check("report");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await check("keys");
      await page.keyboard.press("Escape");
      await openRow(page, "LH2");
      await page.keyboard.press("Escape");
      await page.keyboard.press("c");
      await check("question");
    });
  }
});
