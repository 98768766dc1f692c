// Pages of others: what they may follow, and that a client written to the plain protocol works.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { elsewhere, isStream, launch, visit } from "./chromium.mjs";
import { demo, serve } from "./program.mjs";
import { LONGEST_RETRY_MILLIS, staysEqual, untilEqual } from "./wait.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Follows whatever server its address names, and keeps the names of what it is told. */
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
 * A client with six rows of its own, that knows three events and nothing else of the server: it has no use
 * for a timetable, and would show any event without a name as a fault.
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
  it("follows where it is allowed", async (test) => {
    const page = await elsewhere(test, follower);
    const server = await serve(test, "--allow-origin", page);
    await server.put("I768", { origin: "Rome" });
    const visited = await visit(test, browser, `${page}#${streamOf(server)}`);
    const seen = () => visited.page.evaluate(() => seen);
    await untilEqual(seen, ["timetable"]);
    await server.patch("I768", { state: "landing" });
    await untilEqual(seen, ["timetable", "flightStateUpdate"]);
    assert.equal(await visited.page.evaluate(() => stream.readyState), 1);
  });

  for (const allowed of [[], ["--allow-origin", "https://example.org"]]) {
    it(`follows nothing with ${allowed.join(" ") || "the defaults"}`, async (test) => {
      const page = await elsewhere(test, follower);
      const server = await serve(test, ...allowed);
      await server.put("I768", { origin: "Rome" });
      const visited = await visit(test, browser, `${page}#${streamOf(server)}`);
      await untilEqual(() => visited.page.evaluate(() => stream.readyState), 2);
      assert.deepEqual(await visited.page.evaluate(() => seen), ["error"]);
    });
  }

  it("may be any for the demo, and sees one flight land and the end", async (test) => {
    const { page, seen } = await visit(test, browser, await elsewhere(test, tutorial));
    const server = await demo(test, "--once");
    await page.evaluate((url) => follow(url), streamOf(server));
    await untilEqual(() => page.evaluate(() => stream.readyState), 2);
    const history = await page.evaluate(() => history);
    assert.deepEqual(history, ["", "landing", "landed", "gone"]);
    assert.equal(await page.locator("tr").count(), 5);
    assert.deepEqual(await page.evaluate(() => unnamed), []);
    await staysEqual(() => seen.requests.filter(isStream).length, 1, LONGEST_RETRY_MILLIS);
    assert.deepEqual(seen.faults, []);
  });
});
