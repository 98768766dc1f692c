// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App.tsx";
import { type Board, type Flight, SILENCE_TIMEOUT_MILLIS } from "flightboard-client";
import { FIRST_BACKOFF_MILLIS } from "../packages/flightboard-client/src/backoff.ts";
import { REOPEN_POLL_MILLIS } from "../packages/flightboard-client/src/connection.ts";
import { COLLECT_MILLIS } from "./Announcer.tsx";
import { arrivals, FakePageEnvironment, rome, tokyo } from "./test-doubles.ts";
import { ROWS_INTERVAL_MILLIS } from "flightboard-client";
import { addDialogs } from "./test-page.tsx";
import { MAX_WHOLE_ROWS } from "./rows/useDrawnGroups.ts";

const jfk: Board = {
  name: "jfk",
  title: "JFK departures",
  kind: "departures",
  airport: "JFK",
  timeZone: "America/New_York",
  note: "A day of 2013.",
};

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
const row = (flight: string) => document.querySelector<HTMLElement>(`[data-flight="${flight}"]`)!;
const order = () =>
  [...document.querySelectorAll<HTMLElement>("[data-flight]")].map((it) => it.dataset.flight);
const connection = () => screen.getByRole("status").dataset.connection;

test("arrivals are sorted by time", async () => {
  await shown();
  expect(connection()).toBe("connecting");
  await timetable(arrivals, [tokyo, rome]);
  expect(connection()).toBe("live");
  expect(document.querySelector(".stale-notice")).toBeNull();
  expect(document.title).toBe("Arrivals · flightboard");
  expect(headings()).toEqual(["Time", "From", "Flight", "Status"]);
  expect(order()).toEqual(["I768", "G119"]);
});

test("changes are highlighted, removals applied", async () => {
  await shown();
  await timetable(arrivals, [rome, tokyo]);
  expect(row("I768").dataset.highlight).toBeUndefined();

  await sent("flightStateUpdate", { flight: "I768", state: "landing" }, "aa-2");
  const cell = () => row("I768").querySelector<HTMLElement>('[data-column="status"]')!;
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
  expect(headings()).toEqual(["Time", "From", "Flight", "Gate", "Belt", "Status"]);
  expect(row("I768").textContent).toContain("30 min late");
  expect(row("I768").querySelector("s")?.textContent).toBe("10:10");
  expect(row("I768").querySelector(".revised time")?.textContent).toBe("10:40");
  expect(row("G119").children).toHaveLength(6);
  await sent("flightRemoval", { flight: "I768" }, "aa-2");
  expect(headings()).toHaveLength(4);
  expect(row("G119").children).toHaveLength(4);
});

test("the board chooses the tutorial's columns", async () => {
  await shown();
  const columns = ["origin", "flight", "arrival", "state"];
  await timetable({ ...arrivals, columns }, [rome, { ...tokyo, state: "Landed" }]);
  expect(headings()).toEqual(["Origin", "Flight", "Arrival", "State"]);
  const cells = (flight: string) => [...row(flight).children].map((cell) => cell.textContent);
  expect(cells("I768")).toEqual(["Rome", "I768", "10:10", "–no announcement"]);
  expect(cells("G119")).toEqual(["Tokyo", "G119", "10:35", "Landed"]);
  expect(within(row("I768")).getByRole("rowheader").textContent).toBe("I768");
});

/** Departures of one day, one each half hour. */
const day = Array.from({ length: 40 }, (_, index) => ({
  flight: `A${100 + index}`,
  destination: "Rome",
  departure: new Date(Date.parse("2026-11-22T00:00:00Z") + index * 30 * 60_000).toISOString(),
}));

const inView = () =>
  [...document.querySelectorAll<HTMLElement>(".hour:not([hidden]) [data-flight]")].map(
    (it) => it.dataset.flight,
  );

test("the list opens at now", async () => {
  await shown();
  await timetable({ ...arrivals, kind: "departures" }, day);
  // At 14:00, rows without news are over since 30 minutes.
  expect(inView()[0]).toBe("A128");
  const names = screen.getAllByRole("rowheader").map((it) => it.textContent);
  expect(names.slice(0, 2)).toEqual(["Today · 14:00", "A128"]);
  expect(row("A128").textContent).toContain("now");
  expect(row("A129").textContent).toContain("in 30 min");

  const button = screen.getByRole("button", { name: "28 earlier flights" });
  expect(button.getAttribute("aria-expanded")).toBe("false");
  fireEvent.click(button);
  await vi.waitFor(() => expect(inView()[0]).toBe("A100"));
  expect(button.getAttribute("aria-expanded")).toBe("true");
  expect(row("A100").dataset.over).toBeDefined();
  fireEvent.click(screen.getByRole("button", { name: "Hide earlier flights" }));
  await vi.waitFor(() => expect(inView()[0]).toBe("A128"));
});

test("rows move behind the button in time", async () => {
  await shown();
  await timetable({ ...arrivals, kind: "departures" }, day);
  await sent("flightStateUpdate", { flight: "A128", state: "boarding" }, "aa-2");
  await act(async () => world.clock.advance(60 * 60_000));
  expect(inView().slice(0, 2)).toEqual(["A128", "A130"]);
  expect(screen.getByRole("button", { name: "29 earlier flights" })).toBeTruthy();
});

test("the minutes are counted down", async () => {
  await shown();
  await timetable({ ...arrivals, kind: "departures" }, day);
  expect(row("A129").textContent).toContain("in 30 min");
  await act(async () => world.clock.advance(60_000));
  expect(row("A129").textContent).toContain("in 29 min");
});

test("the clock is the server's", async () => {
  await shown();
  await timetable({ ...arrivals, timeZone: "Asia/Hong_Kong" }, [rome]);
  const clock = () => document.querySelector(".clock")!.textContent;
  expect(clock()).toBe("");
  await sent("heartbeat", { at: "2026-11-22T12:18:40Z", head: "aa-1" }, "aa-1");
  expect(clock()).toBe("20:18Sunday 22 November");
  await act(async () => world.clock.advance(21_000));
  expect(clock()).toBe("20:19Sunday 22 November");
});

test("a row opens its details", async () => {
  addDialogs();
  await shown();
  const codeshares = ["AA8892", "IB3"];
  const flight = { ...rome, via: ["Oslo"], codeshares, gate: "4", remark: "Ask at the desk" };
  await timetable(arrivals, [flight, tokyo]);
  const number = screen.getByRole("button", { name: "I768" });
  fireEvent.click(within(row("I768")).getByText("Rome"));
  const sheet = await screen.findByRole("dialog", { name: "I768 from Rome" });
  expect(sheet.textContent).toContain("CodesharesAA8892, IB3");
  expect(sheet.textContent).toContain("RemarkAsk at the desk");
  expect(document.activeElement).toBe(number);

  await sent("flightStateUpdate", { flight: "I768", gate: "9" }, "aa-2");
  expect(sheet.textContent).toContain("Gate9");
  await act(async () => void sheet.dispatchEvent(new Event("close")));
  await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("arrow keys go from flight to flight", async () => {
  await shown();
  await timetable(arrivals, [rome, tokyo]);
  const [first, second] = ["I768", "G119"].map((name) => screen.getByRole("button", { name }));
  first!.focus();
  fireEvent.keyDown(first!, { key: "ArrowDown" });
  expect(document.activeElement).toBe(second);
  fireEvent.keyDown(second!, { key: "ArrowDown" });
  expect(document.activeElement).toBe(second);
  fireEvent.keyDown(second!, { key: "ArrowUp" });
  expect(document.activeElement).toBe(first);
});

test("large boards are drawn in part", async () => {
  await shown();
  const minute = (index: number) => Date.parse("2026-11-22T14:00:00Z") + index * 60_000;
  const rows = Array.from({ length: MAX_WHOLE_ROWS + 1 }, (_, index) => ({
    flight: `A${1_000 + index}`,
    origin: "Rome",
    arrival: new Date(minute(index)).toISOString(),
  }));
  await timetable(arrivals, rows);
  const table = screen.getByRole("table");
  const hours = Math.ceil((MAX_WHOLE_ROWS + 1) / 60);
  const count = String(MAX_WHOLE_ROWS + 2 + hours);
  expect(table.getAttribute("aria-rowcount")).toBe(count);
  expect(order()).toHaveLength(60);
  expect(order()[0]).toBe("A1000");

  await sent("flightRemoval", { flight: "A1000" }, "aa-2");
  expect(table.getAttribute("aria-rowcount")).toBeNull();
  // Rows of the second hour: that all come in the end is a test of `useDrawnGroups`.
  await vi.waitFor(() => expect(order()).toContain("A1060"), 10_000);

  await sent("flightAddition", rows[0], "aa-3");
  expect(table.getAttribute("aria-rowcount")).toBe(count);
  expect(order()).toHaveLength(60);
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
  expect(headings().slice(0, 4)).toEqual(["Time", "To", "Flight", "Status"]);
  expect(screen.getByText("A day of 2013.")).toBeTruthy();
  await screen.findByText("Los Angeles");
  expect(row("B6").textContent).toContain("Los Angeles LAX");
  expect(row("B6").textContent).toContain("00:30");
  expect(row("AA1").textContent).toContain("via Boston");
  expect(row("AA1").textContent).toContain("also BA2, IB3");
  expect(row("AA1").textContent).not.toContain("late");
  expect(row("AA1").textContent).not.toContain("23:30");
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
  expect(screen.getByRole("status").textContent).toMatch(
    /^Reconnecting since \d\d:\d\d:\d\d, 22 Nov$/,
  );
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

test("a board that was closed before says why", async () => {
  world.status = "closed";
  world.reason = "moved to Terminal 2";
  await shown();
  await act(async () => {
    world.stream.ends();
    await world.clock.advance(1_000);
  });
  expect(screen.getByRole("status").textContent).toBe("Closed: moved to Terminal 2");
});

test("an empty board has a command for publishers", async () => {
  await shown();
  await timetable(arrivals, []);
  expect(screen.getByText(/^A flight that the airport announces/)).toBeTruthy();
  expect(document.querySelector("details")!.open).toBe(false);
  const command = document.querySelector("details pre")!.textContent;
  expect(command).toContain(`curl -X PUT '${window.location.origin}/boards/main/flights/I768'`);
  expect(command).toContain('{"origin":"Rome","arrival":"10:10"}');
});

test("a missing board has a command for publishers", async () => {
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
  expect(region.textContent).toBe("I768 from Rome: Landing. G119 from Tokyo: Expected");
  await sent("flightStateUpdate", { flight: "I768", state: "landed" }, "aa-4");
  await act(async () => void vi.advanceTimersByTime(COLLECT_MILLIS));
  expect(region.textContent).toBe("I768 from Rome: Landing. G119 from Tokyo: Expected");
  await act(async () => void vi.runOnlyPendingTimers());
  expect(region.textContent).toBe("I768 from Rome: Landed");
});
