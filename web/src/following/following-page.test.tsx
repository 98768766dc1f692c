// @vitest-environment jsdom
import { act, fireEvent, screen } from "@testing-library/preact";
import type { Board, Flight } from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addDialogs, TestPage } from "../test-page.tsx";

const board: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

const HOUR = 3_600_000;

const departure: Flight = {
  flight: "CX 623",
  date: "2026-11-22",
  destination: "LAX",
  departure: "2026-11-22T14:22:00Z",
  gate: "27",
};

class FakeNotification {
  static permission: NotificationPermission = "default";
  static answer: NotificationPermission = "granted";
  static readonly shown: string[] = [];

  static async requestPermission(): Promise<NotificationPermission> {
    FakeNotification.permission = FakeNotification.answer;
    return FakeNotification.answer;
  }

  constructor(title: string, { body }: NotificationOptions) {
    FakeNotification.shown.push(`${title} | ${body}`);
  }
}

beforeEach(() => {
  addDialogs();
  window.localStorage.clear();
  FakeNotification.permission = "default";
  FakeNotification.answer = "granted";
  FakeNotification.shown.length = 0;
});
afterEach(() => TestPage.close());

async function open(path = "/boards/hk", flights = [departure]): Promise<TestPage> {
  Object.defineProperty(window, "Notification", { value: FakeNotification, configurable: true });
  return TestPage.open(path, board, flights);
}

async function openFollowed(): Promise<TestPage> {
  const page = await open("/boards/hk/flights/CX623");
  await press("Follow");
  await press("Close");
  return page;
}

const press = (name: string) =>
  act(async () => {
    fireEvent.click(screen.getByRole("button", { name }));
    // The answer of the browser comes a moment later.
    await new Promise((resolve) => setTimeout(resolve));
  });

const change = (page: TestPage, fields: Partial<Flight>) =>
  page.sends("flightStateUpdate", { flight: "CX 623", date: "2026-11-22", ...fields });

const card = () => document.querySelector<HTMLElement>("[data-followed]");

test("a followed flight has a card and title", async () => {
  const page = await openFollowed();
  expect(card()!.textContent).toBe("CX 623 to Los AngelesOn timeleaves 22:22, in 22 minGate 27");
  expect(document.title).toBe("On time, gate 27 - CX 623");
  await change(page, { state: "boarding" });
  expect(card()!.dataset.tone).toBe("go");
  expect(card()!.querySelector("[data-lit]")!.textContent).toBe("Gate 27");
  expect(document.title).toBe("Boarding, gate 27 - CX 623");
  await act(async () => page.world.stream.breaks());
  expect(document.title, "it may have changed since").toBe("Departures · flightboard");
});

test("the card opens the details, where following ends", async () => {
  await openFollowed();
  await press("CX 623 to Los Angeles");
  await press("Stop following");
  expect(card()).toBeNull();
  expect(document.title).toBe("Departures · flightboard");
});

test("a reload keeps the card of a flight", async () => {
  await openFollowed();
  TestPage.close();
  const page = await open();
  expect(card()).not.toBeNull();
  await change(page, { state: "departed", actual: "2026-11-22T13:54:00Z" });
  expect(card()).toBeNull();
  TestPage.close();
  await open();
  expect(card()).toBeNull();
});

test("a change is notified once", async () => {
  const page = await openFollowed();
  await change(page, { gate: "28" });
  expect(FakeNotification.shown, "not asked for").toEqual([]);
  await press("Notify me of changes");
  expect(screen.queryByRole("button", { name: "Notify me of changes" })).toBeNull();
  expect(FakeNotification.shown, "of the past").toEqual([]);

  await change(page, { state: "boarding" });
  await change(page, { estimated: "2026-11-22T14:30:00Z" });
  await change(page, { estimated: "2026-11-22T14:40:00Z" });
  const notified = [
    "Boarding, gate 28 - CX 623 | to Los Angeles, leaves 22:22, in 22 min",
    "Boarding, gate 28 - CX 623 | to Los Angeles, leaves 22:40, in 40 min",
  ];
  expect(FakeNotification.shown).toEqual(notified);

  const now: Flight = {
    ...departure,
    gate: "28",
    state: "boarding",
    estimated: "2026-11-22T14:40:00Z",
  };
  await page.sends("timetable", { board, reason: "expired", flights: [now] });
  TestPage.close();
  await open("/boards/hk", [now]);
  expect(FakeNotification.shown, "again").toEqual(notified);
});

test("a call vibrates", async () => {
  const vibrate = vi.fn();
  Object.defineProperty(navigator, "vibrate", { value: vibrate, configurable: true });
  const page = await openFollowed();
  await change(page, { gate: "28" });
  expect(vibrate).not.toHaveBeenCalled();
  await change(page, { state: "boarding" });
  expect(vibrate).toHaveBeenCalledOnce();
});

test("a refused page does not ask again", async () => {
  FakeNotification.answer = "denied";
  const page = await openFollowed();
  await press("Notify me of changes");
  await change(page, { gate: "28" });
  expect(FakeNotification.shown).toEqual([]);
  expect(screen.queryByRole("button", { name: "Notify me of changes" })).toBeNull();
  expect(document.title).toBe("On time, gate 28 - CX 623");
});

test("a wrong clock forgets no flight", async () => {
  await openFollowed();
  TestPage.close();
  const page = await TestPage.open("/boards/hk", board, [departure], { millisAhead: 10 * HOUR });
  expect(card()).not.toBeNull();
  await page.heartbeat();
  expect(card()).not.toBeNull();
});
