// @vitest-environment jsdom
import { act, fireEvent, screen } from "@testing-library/preact";
import { ROWS_INTERVAL_MILLIS, type Board, type Flight } from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { COLLECT_MILLIS } from "../Announcer.tsx";
import { addDialogs, shownFlights, TestPage } from "../test-page.tsx";

const board: Board = { name: "hk", title: "Departures", kind: "departures", timeZone: "UTC" };
const key = { flight: "CX 623", date: "2026-11-22" };
const now: Flight = {
  ...key,
  departure: "2026-11-22T14:40:00Z",
  gate: "27",
  state: "boarding",
};
const before: Flight = { ...now, gate: "26", state: "scheduled" };
const gone: Flight = { ...now, flight: "BA 27", departure: "2026-11-22T07:00:00Z" };

const notified: string[] = [];
class FakeNotification {
  static readonly permission = "granted";
  constructor(title: string) {
    notified.push(title);
  }
}

beforeEach(() => {
  addDialogs();
  notified.length = 0;
  window.localStorage.clear();
  Object.defineProperty(window, "Notification", { value: FakeNotification, configurable: true });
  const { flight, date, departure } = now;
  const until = Date.parse("2026-11-23T00:00:00Z");
  const told = { state: "boarding", way: "27", time: Date.parse(departure!) };
  const followed = JSON.stringify([{ flight, date, until, told }]);
  window.localStorage.setItem("flightboard.followed /boards/hk", followed);
});
afterEach(() => TestPage.close());

const oldest = { oldest: "2026-11-20T00:00:00Z" };

/** The server has one row at 08:00, and another one that has left since. */
function answer(url: string): Response | undefined {
  if (!url.includes("at=")) return undefined;
  if (url.includes("at=1970")) return Response.json(oldest, { status: 410 });
  return Response.json({ board, id: "aa-1", flights: [before, gone] });
}

async function openPast(): Promise<TestPage> {
  const page = await TestPage.open("/boards/hk?at=2026-11-22T08:00:00Z", board, [now], { answer });
  await vi.waitFor(() => expect(shownFlights()).toEqual(["BA 27", "CX 623"]), 20_000);
  return page;
}

const sign = () => document.querySelector(".head .connection")!;
const main = () => document.querySelector("main")!;

const press = (name: string) =>
  act(async () => void fireEvent.click(screen.getAllByRole("button", { name })[0]!));

test("the board as of a time says so", async () => {
  await openPast();
  expect(sign().textContent).toBe("As of 08:00");
  expect(document.title).toBe("As of 08:00 · Departures");
  expect(document.querySelector(".clock .now")!.textContent).toBe("08:00");
  expect(main().dataset.past).toBe("");
  await press("Back to live");
  expect(sign().textContent).toBe("Live");
  expect(main().dataset.past).toBeUndefined();
  expect(shownFlights()).toEqual(["CX 623"]);
});

test("live rows do not stand in for those", async () => {
  const unanswered = (url: string) =>
    url.includes("at=") ? new Response(null, { status: 502 }) : undefined;
  const path = "/boards/hk?at=2026-11-22T08:00:00Z";
  await TestPage.open(path, board, [now], { answer: unanswered });
  expect(shownFlights()).toEqual([]);
  expect(sign().textContent).toBe("Not live: the board as it was");
});

test("a link shows a flight that has left", async () => {
  const path = "/boards/hk/flights/BA%2027?at=2026-11-22T08:00:00Z";
  await TestPage.open(path, board, [now], { answer });
  const dialog = await screen.findByRole("dialog", { name: /BA 27/ });
  expect(dialog.textContent).toContain("Not live: the board as it was");
});

test("an absent flight has its time", async () => {
  const path = "/boards/hk/flights/XX%209?at=2026-11-22T08:00:00Z";
  await TestPage.open(path, board, [now], { answer });
  const dialog = await screen.findByRole("dialog", { name: "XX 9 is not on this board" });
  expect(dialog.textContent).toContain("As of 22 Nov, 08:00");
  expect(dialog.textContent).toContain("Not live: the board as it was");
});

test("a followed flight is silent in the past", async () => {
  const page = await openPast();
  await page.sends("flightStateUpdate", { ...key, gate: "28" });
  expect(notified).toEqual([]);
  const stored = window.localStorage.getItem("flightboard.followed /boards/hk");
  expect(JSON.parse(stored!)[0].told.way, "as it was told last").toBe("27");
  await press("Back to live");
  expect(notified).toEqual(["Boarding, gate 28 - CX 623"]);
});

test("nothing of the past is announced", async () => {
  vi.useFakeTimers();
  const announced = async () => {
    await act(async () => void (await vi.advanceTimersByTimeAsync(2 * COLLECT_MILLIS)));
    return document.querySelector("[data-announcer]")!.textContent;
  };
  try {
    const page = await openPast();
    await page.sends("flightStateUpdate", { ...key, gate: "28" });
    await press("Play");
    const stream = page.world.ownStreams[0]!;
    await act(async () => {
      stream.opens();
      stream.sends("timetable", { board, reason: "start", flights: [before] }, "aa-1-1");
      await page.world.clock.advance(ROWS_INTERVAL_MILLIS);
      stream.sends("flightStateUpdate", { ...key, state: "boarding" }, "aa-2-2");
      await page.world.clock.advance(ROWS_INTERVAL_MILLIS);
    });
    expect(document.querySelector(".timetable")!.textContent).toContain("Boarding");
    expect(await announced()).toBe("");
    await press("Back to live");
    expect(await announced()).toBe("");
  } finally {
    vi.useRealTimers();
  }
});
