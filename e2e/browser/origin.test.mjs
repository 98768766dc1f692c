// Pages of other origins, and the client of the tutorial.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { servePage, isStream, launch, openPage } from "./chromium.mjs";
import { startDemo, startServer } from "./program.mjs";
import { MAX_RETRY_MILLIS, assertStaysEqual, waitUntilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Follows the stream named in its fragment and records the names of its events. */
const follower = `<!doctype html>
<title>A follower</title>
<script>
  const stream = new EventSource(location.hash.slice(1));
  const seen = [];
  const keep = ({ type }) => seen.push(type);
  for (const name of ["timetable", "flightAddition", "flightStateUpdate", "error"]) {
    stream.addEventListener(name, keep);
  }
</script>`;

/**
 * The tutorial's client: it starts with six fixed rows, knows three events, ignores timetables, and records events
 * without a name, which are errors.
 */
const tutorial = `<!doctype html>
<title>Arrivals</title>
<table></table>
<script>
  let rows = [
    { origin: "London", flight: "A123", arrival: "08:15", state: "" },
    { origin: "Berlin", flight: "D654", arrival: "08:45", state: "" },
    { origin: "New York", flight: "U213", arrival: "09:05", state: "" },
    { origin: "Buenos Aires", flight: "A987", arrival: "09:30", state: "" },
    { origin: "Rome", flight: "I768", arrival: "10:10", state: "" },
    { origin: "Tokyo", flight: "G119", arrival: "10:35", state: "" },
  ];
  const history = [];
  const unnamed = [];
  function show() {
    const cells = ({ origin, flight, arrival, state }) =>
      "<tr><td>" + [origin, flight, arrival, state].join("<td>");
    document.querySelector("table").innerHTML = rows.map(cells).join("");
    history.push(rows.find(({ origin }) => origin === "Rome")?.state ?? "gone");
  }
  show();
  let stream;
  function follow(url) {
    stream = new EventSource(url);
    stream.onmessage = (event) => unnamed.push(event.data);
    stream.addEventListener("flightStateUpdate", (event) => {
      const { flight, state } = JSON.parse(event.data);
      rows = rows.map((row) => (row.flight === flight ? { ...row, state } : row));
      show();
    });
    stream.addEventListener("flightRemoval", (event) => {
      const { flight } = JSON.parse(event.data);
      rows = rows.filter((row) => row.flight !== flight);
      show();
    });
    stream.addEventListener("closedConnection", () => stream.close());
  }
</script>`;

const streamOf = (server) => `http://localhost:${server.port}/events`;

describe("a page of another origin", { concurrency: 4 }, () => {
  it("follows if its origin is allowed", async (test) => {
    const page = await servePage(test, follower);
    const server = await startServer(test, "--allow-origin", page);
    await server.put("I768", { origin: "Rome" });
    const visited = await openPage(test, browser, `${page}#${streamOf(server)}`);
    const seen = () => visited.page.evaluate(() => seen);
    await waitUntilEqual(seen, ["timetable"]);
    await server.patch("I768", { state: "landing" });
    await waitUntilEqual(seen, ["timetable", "flightStateUpdate"]);
    assert.equal(await visited.page.evaluate(() => stream.readyState), 1);
  });

  for (const allowed of [[], ["--allow-origin", "https://example.org"]]) {
    it(`cannot follow with ${allowed.join(" ") || "the defaults"}`, async (test) => {
      const page = await servePage(test, follower);
      const server = await startServer(test, ...allowed);
      await server.put("I768", { origin: "Rome" });
      const visited = await openPage(test, browser, `${page}#${streamOf(server)}`);
      await waitUntilEqual(() => visited.page.evaluate(() => stream.readyState), 2);
      assert.deepEqual(await visited.page.evaluate(() => seen), ["error"]);
    });
  }

  it("follows the demo with any origin, to its end", async (test) => {
    const { page, recorded } = await openPage(test, browser, await servePage(test, tutorial));
    const server = await startDemo(test, "--once");
    await page.evaluate((url) => follow(url), streamOf(server));
    await waitUntilEqual(() => page.evaluate(() => stream.readyState), 2);
    const history = await page.evaluate(() => history);
    assert.deepEqual(history, ["", "landing", "landed", "gone"]);
    assert.equal(await page.locator("tr").count(), 5);
    assert.deepEqual(await page.evaluate(() => unnamed), []);
    await assertStaysEqual(() => recorded.requests.filter(isStream).length, 1, MAX_RETRY_MILLIS);
    assert.deepEqual(recorded.errors, []);
  });
});
