// @vitest-environment jsdom
// The age of a board's source on the page, beside the state of the connection.

import { act, cleanup, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App.tsx";
import { ROWS_INTERVAL_MILLIS } from "flightboard-client";
import type { BoardSource } from "flightboard-client";
import { arrivals, avinor, FakePageEnvironment, rome } from "./test-doubles.ts";

const MINUTE = 60_000;

let world: FakePageEnvironment;
let listed: object[];

beforeEach(() => {
  world = new FakePageEnvironment();
  listed = [{ ...arrivals, closed: false }];
  window.history.replaceState(null, "", "/");
  vi.stubGlobal("fetch", async () => Response.json({ boards: listed }));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** Opens a page on a board with this source, live. */
async function shown(source: BoardSource, flights = [rome]): Promise<void> {
  await act(async () => void render(<App environment={world} />));
  world.stream.opens();
  const board = { ...arrivals, timeZone: "Europe/Oslo", source };
  await sent("timetable", { board, reason: "start", flights }, "aa-1");
}

async function sent(name: string, data: unknown, id?: string): Promise<void> {
  await act(async () => {
    world.stream.sends(name, data, id);
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
  });
}

/** A heartbeat of a server whose clock is ahead of the screen's. */
async function beats(aheadMillis = 0, head = "aa-1"): Promise<void> {
  const at = new Date(world.clock.now() + aheadMillis).toISOString();
  await sent("heartbeat", { at, head });
}

/** Heartbeats keep the connection live while the source stays silent. */
async function passes(millis: number, head?: string): Promise<void> {
  for (let left = millis; left > 0; left -= 15_000) {
    await act(async () => world.clock.advance(Math.min(left, 15_000)));
    await beats(0, head);
  }
}

const line = () => document.querySelector<HTMLElement>(".source");
const lineText = () => line()?.textContent;
const notice = () => document.querySelector(".stale-notice")?.textContent;
const isKnown = () => screen.getByRole("main").dataset.known !== undefined;
const connection = () => screen.getByRole("status");

test("the age is by the server's clock", async () => {
  await shown(avinor);
  expect(lineText()).toBe("Avinor, 22 Nov, 14:57Flight data from Avinor");
  await beats(5 * MINUTE);
  expect(lineText()).toContain("Avinor, 7 minutes ago");
  await beats();
  expect(lineText()).toContain("Avinor, 2 minutes ago");
  await passes(MINUTE);
  expect(lineText()).toContain("Avinor, 3 minutes ago");
  await sent("sourceUpdate", { ...avinor, lastAnswer: "2026-11-22T14:01:00Z" }, "aa-2");
  expect(lineText()).toContain("Avinor, less than a minute ago");
  expect(line()?.dataset.late).toBeUndefined();
  expect([isKnown(), notice(), connection().textContent]).toEqual([true, undefined, "Live"]);
});

test("the attribution is linked, word for word", async () => {
  await shown(avinor);
  const link = screen.getByRole("link", { name: "Flight data from Avinor" });
  expect(link.getAttribute("href")).toBe("https://www.avinor.no");
  expect(link.getAttribute("target")).toBe("_blank");
  expect(link.getAttribute("rel")).toBe("noopener noreferrer");
  expect(line()?.contains(link)).toBe(true);
});

test.each(["javascript:alert(1)", "data:text/html,x", "//", "avinor.no"])(
  "%s is no link",
  async (address) => {
    await shown({ ...avinor, link: address });
    expect(screen.queryByRole("link", { name: /Avinor/ })).toBeNull();
    expect(screen.getByText("Flight data from Avinor")).toBeTruthy();
  },
);

test("a source is not named twice", async () => {
  await shown({ name: "Finavia", attribution: "Finavia", status: "current" });
  expect(lineText()).toBe("Finavia");
});

test("a late source makes the rows doubtful", async () => {
  await shown(avinor);
  await beats();
  await passes(7 * MINUTE);
  expect(line()?.dataset.late).toBeDefined();
  expect(lineText()).toContain("Avinor, 9 minutes ago");
  expect(isKnown()).toBe(false);
  expect(notice()).toBe(
    "Avinor has not answered since 22 Nov, 14:57. Whether these rows are right is not known.",
  );
  expect(connection().dataset.connection).toBe("live");
  expect(connection().textContent).toBe("Connected");

  await sent("sourceUpdate", { ...avinor, lastAnswer: "2026-11-22T14:07:00Z" }, "aa-2");
  expect([isKnown(), notice(), connection().textContent]).toEqual([true, undefined, "Live"]);
});

test("the server says first that it is late", async () => {
  await shown({ ...avinor, status: "late" });
  expect([isKnown(), connection().textContent]).toEqual([false, "Connected"]);
});

test("a failure counts once the answer is old", async () => {
  await shown(avinor);
  await beats();
  await sent("sourceUpdate", { ...avinor, status: "failing", reason: "status 503" }, "aa-2");
  expect(line()?.dataset.source).toBe("failing");
  expect([isKnown(), notice()]).toEqual([true, undefined]);
  await passes(7 * MINUTE, "aa-2");
  expect([isKnown(), connection().textContent]).toEqual([false, "Connected"]);
  expect(notice()).toContain("not answered since 22 Nov, 14:57 (status 503).");
});

test("both ages are told apart", async () => {
  await shown({ ...avinor, status: "late" });
  await act(async () => world.stream.breaks());
  expect(connection().textContent).toMatch(/^Reconnecting since/);
  expect(notice()).toMatch(/What has changed since is not known\.Avinor has not answered since/);
});

test("lateness is announced without its age", async () => {
  await shown(avinor);
  await beats();
  const region = document.querySelector("main [aria-live]:not([data-announcer], [data-found])")!;
  expect(region.textContent).toBe("");
  await passes(7 * MINUTE);
  const text = region.textContent;
  expect(text).toContain("Avinor has not answered");
  await passes(5 * MINUTE);
  expect(document.contains(region)).toBe(true);
  expect(region.textContent).toBe(text);
});

test("a waking page shows the true age", async () => {
  await shown(avinor);
  await beats();
  world.clock.sleep(8 * 60 * MINUTE);
  await act(async () => void document.dispatchEvent(new Event("visibilitychange")));
  expect(lineText()).toContain("Avinor, 8 hours ago");
  expect(isKnown()).toBe(false);
});

test("the end of a source is shown", async () => {
  await shown({ ...avinor, status: "late" });
  await sent("sourceUpdate", null, "aa-2");
  expect([lineText(), isKnown(), connection().textContent]).toEqual(["", true, "Live"]);
});

test("the list names outdated boards", async () => {
  const failing = { ...avinor, status: "failing" };
  listed = [
    { ...arrivals, closed: false, source: avinor },
    {
      ...arrivals,
      name: "late",
      title: "Late",
      closed: false,
      source: { ...avinor, status: "late" },
    },
    { ...arrivals, name: "fails", title: "Fails", closed: false, source: failing },
    { ...arrivals, name: "new", title: "New", closed: false, source: avinor },
  ];
  await shown(avinor);
  await beats();
  await screen.findByText("Fails");
  const names = () => screen.getAllByRole("link").map((link) => link.textContent);
  expect(names().slice(0, 4)).toEqual(["Arrivals", "Late outdated", "Fails", "New"]);
  await passes(7 * MINUTE);
  expect(names().slice(0, 4)).toEqual([
    "Arrivals outdated",
    "Late outdated",
    "Fails outdated",
    "New",
  ]);
});

test("answers do not fetch the list", async () => {
  const fetched = vi.fn(async () => Response.json({ boards: listed }));
  vi.stubGlobal("fetch", fetched);
  await shown(avinor);
  await beats();
  const before = fetched.mock.calls.length;
  const table = screen.getByRole("table");
  for (const [minute, id] of [1, 2, 3].entries()) {
    await sent(
      "sourceUpdate",
      { ...avinor, lastAnswer: `2026-11-22T14:0${minute}:00Z` },
      `aa-${id + 1}`,
    );
  }
  expect(fetched.mock.calls.length).toBe(before);
  expect(screen.getByRole("table")).toBe(table);
});

test("an empty board names its source", async () => {
  await shown(avinor, []);
  const text = () => document.querySelector(".empty")?.textContent;
  expect(text()).toMatch(/^No flightsA flight that Avinor announces/);
  expect(document.querySelector("pre")).toBeNull();

  const { lastAnswer: _, ...unheard } = { ...avinor, status: "failing", reason: "status 503" };
  await sent("sourceUpdate", unheard, "aa-2");
  expect(lineText()).toMatch(/^Avinor, no answer yet/);
  expect(notice()).toMatch(/^Avinor has not answered yet \(status 503\)\./);
  expect(text()).toMatch(/^No flights are known/);
});

test("a closed board has no source", async () => {
  await shown(avinor);
  await sent("closedConnection", { reason: "end of the day" }, "aa-2");
  expect(line()).toBeNull();
});

test("an overdue update puts the rows in doubt", async () => {
  await act(async () => void render(<App environment={world} />));
  world.stream.opens();
  const board = { ...arrivals, timeZone: "Europe/Oslo", expectEvery: "10m" };
  await sent("timetable", { board, reason: "start", flights: [rome] }, "aa-1");
  const updated = world.clock.now();
  const beat = () =>
    sent("heartbeat", {
      at: new Date(world.clock.now()).toISOString(),
      lastUpdate: new Date(updated).toISOString(),
      head: "aa-1",
    });
  await beat();
  expect([lineText(), notice()]).toEqual(["Last update less than a minute ago", undefined]);
  for (let passed = 0; passed < 10 * MINUTE; passed += 15_000) {
    expect([isKnown(), screen.getByRole("status").textContent]).toEqual([true, "Live"]);
    await act(async () => world.clock.advance(15_000));
    await beat();
  }
  expect(isKnown()).toBe(false);
  expect(screen.getByRole("status").textContent).toBe("Connected");
  expect(lineText()).toBe("Last update 10 minutes ago");
  expect(notice()).toMatch(/^No update has come since \d\d:\d\d:\d\d, \d+ Nov\. Whether/);
});
