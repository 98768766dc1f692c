// Private boards: signing in and out, and the end of a token.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, openPage, shown } from "./chromium.mjs";
import { startServer } from "./program.mjs";
import { TokenFile } from "./tokens.mjs";
import { waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const ROWS = [{ flight: "I768", place: "Rome", state: "", gate: "" }];

/** A server whose board `main` is private and has one row. */
async function startPrivate(test) {
  const tokens = await TokenFile.create(test);
  const publisher = await tokens.add("publisher", "publish=*");
  const screen = await tokens.add("screen", "follow=main");
  const server = await startServer(test, "--tokens", tokens.path);
  server.token = publisher;
  await server.configure({ title: "Hall", private: true });
  await server.put("I768", { origin: "Rome", arrival: "10:10" });
  return { server, tokens, screen };
}

async function signIn(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const heading = (page) => page.locator("main h2").textContent();
const notes = (page) => page.locator("main .note").allTextContents();

describe("a private board", { concurrency: 4 }, () => {
  it("is shown after a sign-in, also on a reload", async (test) => {
    const { server, screen } = await startPrivate(test);
    const { page, recorded } = await openPage(test, browser, server.url);
    await page.getByLabel("Token").waitFor();
    assert.equal(await heading(page), "This board needs a token");
    await signIn(page, screen);
    await waitUntilEqual(() => shown(page), ROWS);
    await page.reload();
    await waitUntilEqual(() => shown(page), ROWS);
    const kept = await page.evaluate(() => ({
      url: location.href,
      cookie: document.cookie,
      storage: { ...localStorage, ...sessionStorage },
    }));
    assert.deepEqual(kept, { url: `${server.url}/`, cookie: "", storage: {} });
    const [cookie, ...others] = await page.context().cookies();
    assert.deepEqual(others, []);
    const { name, value, path, httpOnly, secure, sameSite } = cookie;
    assert.deepEqual(
      { name, value, path, httpOnly, secure, sameSite },
      {
        name: "__Host-flightboard",
        value: screen,
        path: "/",
        httpOnly: true,
        secure: true,
        sameSite: "Strict",
      },
    );
    assert.ok(!recorded.requests.some((url) => url.includes(screen)));
    assert.deepEqual(recorded.errors, []);
  });

  it("refuses a token that is not known", async (test) => {
    const { server } = await startPrivate(test);
    const { page } = await openPage(test, browser, server.url);
    await signIn(page, "flightboard_not_a_token");
    await page.getByRole("alert").filter({ hasText: "The token is not known here." }).waitFor();
    assert.deepEqual(await page.context().cookies(), []);
  });

  it("leaves the screen when its token is removed", async (test) => {
    const { server, tokens, screen } = await startPrivate(test);
    const { page } = await openPage(test, browser, server.url);
    await signIn(page, screen);
    await waitUntilEqual(() => shown(page), ROWS);
    await tokens.remove("screen");
    await waitUntilEqual(() => server.followers(), 0);
    await waitUntilEqual(() => heading(page).catch(() => ""), "Access to this board has ended");
    assert.deepEqual(await shown(page), []);
  });

  it("is signed out of by a button", async (test) => {
    const { server, screen } = await startPrivate(test);
    const { page } = await openPage(test, browser, server.url);
    await signIn(page, screen);
    await waitUntilEqual(() => shown(page), ROWS);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    assert.deepEqual(await shown(page), []);
    assert.deepEqual(await page.context().cookies(), []);
    await waitUntilEqual(() => server.followers(), 0);
  });

  it("takes a public board's rows away", async (test) => {
    const { server } = await startPrivate(test);
    await server.configure({ title: "Hall", note: "Follow the red line." });
    const { page } = await openPage(test, browser, server.url);
    await waitUntilEqual(() => shown(page), ROWS);
    assert.deepEqual(await notes(page), ["Follow the red line."]);
    await server.configure({ title: "Hall", private: true });
    await waitUntilEqual(() => heading(page).catch(() => ""), "Access to this board has ended");
    assert.deepEqual(await shown(page), []);
    assert.deepEqual(await notes(page), []);
  });
});
