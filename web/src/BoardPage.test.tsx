// @vitest-environment jsdom
import {
  act,
  cleanup,
  configure,
  fireEvent,
  render,
  screen,
  within,
} from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App.tsx";
import { type Board, type Flight, SILENCE_TIMEOUT_MILLIS } from "flightboard-client";
import { FIRST_BACKOFF_MILLIS } from "../packages/flightboard-client/src/backoff.ts";
import { REOPEN_POLL_MILLIS } from "../packages/flightboard-client/src/board-inquiry.ts";
import { COLLECT_MILLIS } from "./Announcer.tsx";
import { arrivals, FakePageEnvironment, rome, tokyo } from "./test-doubles.ts";
import { ROWS_INTERVAL_MILLIS } from "flightboard-client";
import { MAX_WHOLE_ROWS } from "./useDrawnRows.ts";

const jfk: Board = {
  name: "jfk",
  title: "JFK departures",
  kind: "departures",
  airport: "JFK",
  timeZone: "America/New_York",
  note: "A day of 2013.",
};

// The names of the cities are a large module, and a machine may be busy with other builds.
configure({ asyncUtilTimeout: 10_000 });

let world: FakePageEnvironment;

beforeEach(() => {
  world = new FakePageEnvironment();
  window.history.replaceState(null, "", "/");
  const boards = [
    { ...jfk, closed: false },
    { ...arrivals, closed: false },
    { ...arrivals, name: "old", title: "Old hall", closed: true },
  ];
  vi.stubGlobal("fetch", async () => Response.json({ boards }));
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function shown(): Promise<void> {
  await act(async () => {
    render(<App environment={world} />);
  });
}

async function timetable(board: Board, flights: Flight[], id = "aa-1"): Promise<void> {
  world.stream.opens();
  await sent("timetable", { board, reason: "start", flights }, id);
}

async function sent(name: string, data: unknown, id: string): Promise<void> {
  await act(async () => {
    world.stream.sends(name, data, id);
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
  });
}

const headings = () => screen.getAllByRole("columnheader").map((it) => it.textContent);
const row = (flight: string) => document.querySelector<HTMLElement>(`tr[data-flight="${flight}"]`)!;
const order = () =>
  [...document.querySelectorAll<HTMLElement>("tr[data-flight]")].map((it) => it.dataset.flight);
const connection = () => screen.getByRole("status").dataset.connection;

test("arrivals are sorted by time", async () => {
  await shown();
  expect(connection()).toBe("connecting");
  await timetable(arrivals, [tokyo, rome]);
  expect(connection()).toBe("live");
  expect(document.querySelector(".stale-notice")).toBeNull();
  expect(document.title).toBe("Arrivals · flightboard");
  expect(headings()).toEqual(["Origin", "Flight", "Arrival", "State"]);
  expect(order()).toEqual(["I768", "G119"]);
  expect(within(row("I768")).getByText("no announcement")).toBeTruthy();
});

test("changes are highlighted, removals applied", async () => {
  await shown();
  await timetable(arrivals, [rome, tokyo]);
  expect(row("I768").dataset.highlight).toBeUndefined();

  await sent("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-2");
  const cell = () => row("I768").querySelector<HTMLElement>('[data-column="state"]')!;
  expect(row("I768").dataset.state).toBe("landing");
  expect(cell().textContent).toBe("Landing");
  const first = cell().dataset.highlight;
  expect(first).toBeDefined();
  expect(row("I768").querySelectorAll("[data-highlight]")).toHaveLength(1);
  expect(row("G119").dataset.highlight).toBeUndefined();

  await sent("flightStateUpdate", { flight: "I768", state: "landed" }, "aa-3");
  expect(cell().dataset.highlight).toBeDefined();
  expect(cell().dataset.highlight).not.toBe(first);

  await sent("flightRemoval", { flight: "I768" }, "aa-4");
  expect(order()).toEqual(["G119"]);
});

test("optional columns appear when used", async () => {
  await shown();
  const estimated = { estimated: "10:40", estimatedInstant: "2026-11-22T10:40:00Z" };
  const gate = { ...rome, ...estimated, gate: "B2", terminal: "1", belt: "7" };
  await timetable(arrivals, [gate, tokyo]);
  expect(headings().slice(4)).toEqual(["Estimated", "Gate", "Terminal", "Belt"]);
  expect(row("I768").textContent).toContain("Delayed 30 min");
  expect(row("G119").children).toHaveLength(8);
  await sent("flightRemoval", { flight: "I768" }, "aa-2");
  expect(headings()).toHaveLength(4);
  expect(row("G119").children).toHaveLength(4);
});

test("large boards are drawn in part", async () => {
  // jsdom has no layout.
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(60);
  await shown();
  const row = (index: number) => ({ flight: `A${1_000 + index}`, origin: "Rome" });
  const rows = Array.from({ length: MAX_WHOLE_ROWS }, (_, index) => row(index));
  await timetable(arrivals, rows);
  const table = screen.getByRole("table");
  expect(table.getAttribute("aria-rowcount")).toBeNull();
  expect(order()).toHaveLength(MAX_WHOLE_ROWS);

  await sent("flightAddition", row(MAX_WHOLE_ROWS), "aa-2");
  expect(table.getAttribute("aria-rowcount")).toBe(String(MAX_WHOLE_ROWS + 2));
  expect(order().length).toBeLessThan(MAX_WHOLE_ROWS / 5);
  expect(order()[0]).toBe("A1000");

  await sent("flightRemoval", { flight: "A1000" }, "aa-3");
  expect(table.getAttribute("aria-rowcount")).toBeNull();
  expect(order()).toHaveLength(MAX_WHOLE_ROWS);
});

test("departures show cities and local times", async () => {
  window.history.replaceState(null, "", "/boards/jfk");
  await shown();
  expect(world.stream.url).toBe("/boards/jfk/events");
  const date = "2013-07-10";
  await timetable(jfk, [
    {
      flight: "B6",
      date,
      destination: "LAX",
      departure: "2013-07-11T04:30:00Z",
      state: "boarding",
    },
    {
      flight: "AA1",
      date,
      destination: "Nowhere",
      via: ["BOS"],
      departure: "2013-07-10T22:00:00-04:00",
      estimated: "2013-07-10T23:30:00-04:00",
      codeshares: ["BA2", "IB3"],
      state: "cancelled",
    },
    { flight: "DL9", date, destination: "BOS", state: "waiting for the tide" },
  ]);
  expect(order()).toEqual(["AA1", "B6", "DL9"]);
  expect(headings().slice(0, 4)).toEqual(["Destination", "Flight", "Departure", "State"]);
  expect(screen.getByText("A day of 2013.")).toBeTruthy();
  await screen.findByText("Los Angeles");
  expect(row("B6").textContent).toContain("Los Angeles LAX");
  expect(row("B6").textContent).toContain("00:30+1 day");
  expect(row("AA1").textContent).toContain("via Boston");
  expect(row("AA1").textContent).toContain("also BA2, IB3");
  expect(row("AA1").textContent).not.toContain("Delayed");
  expect(row("AA1").dataset.state).toBe("cancelled");
  expect(row("DL9").textContent).toContain("waiting for the tide");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("JFK departures");
});

test("stop and resume keep the place", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  fireEvent.click(screen.getByRole("button", { name: "Stop updates" }));
  expect(world.stream.readyState).toBe(2);
  expect(connection()).toBe("stopped");
  expect(screen.getByText(/These rows are as of/)).toBeTruthy();
  expect(order()).toEqual(["I768"]);
  fireEvent.click(screen.getByRole("button", { name: "Resume" }));
  expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-1");
  await act(async () => world.stream.opens());
  expect(document.querySelector(".stale-notice")).not.toBeNull();
  await act(async () => world.stream.sends("heartbeat", { head: "aa-1" }));
  expect(connection()).toBe("live");
  expect(document.querySelector(".stale-notice")).toBeNull();
});

test("rows stay with a notice", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  expect(screen.getByRole("main").dataset.known).toBeDefined();
  await act(async () => world.stream.breaks());
  expect(screen.getByRole("status").textContent).toMatch(/^Reconnecting since \d\d:\d\d:\d\d$/);
  expect(screen.getByText(/What has changed since is not known/)).toBeTruthy();
  expect(screen.getByRole("main").dataset.known).toBeUndefined();
  expect(order()).toEqual(["I768"]);
});

test("a closed board offers no button", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  await sent("closedConnection", { reason: "end of the day" }, "aa-2");
  expect(screen.getByRole("status").textContent).toBe("Closed: end of the day");
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByText("This board is closed")).toBeTruthy();
});

test("an empty board shows a command", async () => {
  await shown();
  await timetable(arrivals, []);
  const command = document.querySelector("pre")!.textContent;
  expect(command).toContain(`curl -X PUT '${window.location.origin}/boards/main/flights/I768'`);
  expect(command).toContain('{"origin":"Rome","arrival":"10:10"}');
});

test("a missing board shows a command", async () => {
  window.history.replaceState(null, "", "/boards/nope");
  world.status = "absent";
  await shown();
  await act(async () => {
    world.stream.ends();
    await world.clock.advance(1_000);
  });
  expect(connection()).toBe("absent");
  expect(document.querySelector("pre")!.textContent).toContain("/boards/nope'");
});

test("boards of equal title are told apart", async () => {
  const boards = ["rome", "milan"].map((name) => ({ ...arrivals, name, closed: false }));
  vi.stubGlobal("fetch", async () => Response.json({ boards }));
  await shown();
  await timetable(arrivals, [rome]);
  const link = await screen.findByRole("link", { name: "Arrivals milan" });
  expect(link.getAttribute("href")).toBe("/boards/milan");
  expect(screen.getByRole("link", { name: "Arrivals rome" })).toBeTruthy();
});

test("another board starts without rows", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  const left = world.stream;
  expect(await screen.findByRole("link", { name: "Old hall closed" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "Arrivals" }).getAttribute("aria-current")).toBe("page");
  const link = screen.getByRole("link", { name: "JFK departures" });
  link.focus();
  fireEvent.click(link);
  expect(window.location.pathname).toBe("/boards/jfk");
  expect(left.readyState).toBe(2);
  expect(world.stream.url).toBe("/boards/jfk/events");
  expect(order()).toEqual([]);
  expect(screen.getByText("Waiting for the timetable")).toBeTruthy();
  expect(document.activeElement).toBe(link);
});

test.each([
  ["put away", window, "pagehide", "pageshow"],
  ["frozen", document, "freeze", "resume"],
])("a page %s has no stream", async (_, target, end, start) => {
  await shown();
  await timetable(arrivals, [rome]);
  await act(async () => void target.dispatchEvent(new Event(end)));
  expect(world.stream.readyState).toBe(2);
  expect(document.querySelector(".stale-notice")).not.toBeNull();
  await act(async () => void target.dispatchEvent(new Event(start)));
  expect(world.streams).toHaveLength(2);
  expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-1");
});

test("a look at the page reconnects at once", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  await act(async () => world.stream.ends());
  expect(world.streams).toHaveLength(1);
  await act(async () => void document.dispatchEvent(new Event("visibilitychange")));
  expect(world.streams).toHaveLength(2);
});

test("good rows survive a missing board", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  world.status = "absent";
  await act(async () => {
    world.stream.ends();
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
  });
  expect(connection()).toBe("absent");
  expect(order()).toEqual(["I768"]);
  expect(screen.getByText(/The server has no such board. These rows are as of/)).toBeTruthy();
});

test("a late timetable is said to be missing", async () => {
  await shown();
  expect(screen.getByText("Waiting for the timetable")).toBeTruthy();
  await act(async () => world.clock.advance(SILENCE_TIMEOUT_MILLIS));
  expect(screen.getByText(/The timetable has not arrived/)).toBeTruthy();
});

test("a reopened board is shown again", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  await sent("closedConnection", { reason: "end of the day" }, "aa-2");
  await act(async () => world.clock.advance(REOPEN_POLL_MILLIS));
  expect(screen.getByText("Waiting for the timetable"), "not an empty board").toBeTruthy();
  await timetable(arrivals, [tokyo], "aa-4");
  expect(order()).toEqual(["G119"]);
});

test("a restored network replaces the stream", async () => {
  await shown();
  await timetable(arrivals, [rome]);
  await act(async () => void window.dispatchEvent(new Event("online")));
  expect(world.stream.readyState).toBe(2);
  expect(connection()).toBe("reconnecting");
});

test("changes are announced together", async () => {
  vi.useFakeTimers();
  await shown();
  await timetable(arrivals, [rome, tokyo]);
  await sent("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-2");
  await sent("flightStateUpdate", { flight: "G119", state: "expected" }, "aa-3");
  const region = document.querySelector("[data-announcer]")!;
  expect(region.getAttribute("aria-live")).toBe("polite");
  expect(region.textContent).toBe("");
  await act(async () => void vi.advanceTimersByTime(COLLECT_MILLIS));
  expect(region.textContent).toBe("I768 landing. G119 expected");
  await sent("flightStateUpdate", { flight: "I768", state: "landed" }, "aa-4");
  await act(async () => void vi.advanceTimersByTime(COLLECT_MILLIS));
  expect(region.textContent).toBe("I768 landing. G119 expected");
  await act(async () => void vi.runOnlyPendingTimers());
  expect(region.textContent).toBe("I768 landed");
});
