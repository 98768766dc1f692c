// @vitest-environment jsdom
// The reader's settings: the language of the page, and its announcements.

import { act, fireEvent, screen } from "@testing-library/preact";
import type { Board, Flight } from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { COLLECT_MILLIS } from "./Announcer.tsx";
import { addDialogs, TestPage } from "./test-page.tsx";

const board: Board = { name: "hk", title: "Departures", kind: "departures", timeZone: "UTC" };

const flights: Flight[] = ["CX 1", "CX 2"].map((flight, index) => ({
  flight,
  date: "2026-11-22",
  destination: "Rome",
  departure: `2026-11-22T14:${20 + index}:00Z`,
}));

beforeEach(() => {
  addDialogs();
  window.localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
  TestPage.close();
});

const open = (path = "/boards/hk") => TestPage.open(path, board, flights);
const openSettings = (name: RegExp) =>
  act(async () => void fireEvent.click(screen.getByRole("button", { name })));
const choose = (label: string, value: string) =>
  act(async () => void fireEvent.input(screen.getByLabelText(label), { target: { value } }));

test("another language is loaded and remembered", async () => {
  await open("/boards/hk?lang=en&q=cx");
  await openSettings(/Settings/);
  await choose("Language", "ar");
  await vi.waitFor(() => expect(screen.getAllByText("في الموعد")).toHaveLength(2));
  const { lang, dir } = document.documentElement;
  expect([lang, dir]).toEqual(["ar", "rtl"]);
  expect(window.location.search).toBe("?q=cx");
  TestPage.close();
  await open();
  expect(screen.getByRole("searchbox", { name: "بحث" })).toBeTruthy();
  await openSettings(/الإعدادات/);
  await choose("اللغة", "en");
  await vi.waitFor(() => expect(document.documentElement.dir).toBe("ltr"));
});

test.each([
  ["all", "CX 2 to Rome: Gate 4. CX 1 to Rome: Gate 4"],
  ["followed", "CX 2 to Rome: Gate 4"],
  ["off", ""],
])("announcements of %s", async (choice, text) => {
  const page = await open();
  await act(async () => void fireEvent.click(screen.getByRole("button", { name: "CX 2" })));
  await act(async () => void fireEvent.click(screen.getByRole("button", { name: "Follow" })));
  await openSettings(/Settings/);
  await choose("Announcements to screen readers", choice);
  vi.useFakeTimers();
  for (const { flight, date = "" } of flights) {
    await page.sends("flightStateUpdate", { flight, date, gate: "4" });
  }
  await act(async () => void vi.advanceTimersByTime(COLLECT_MILLIS));
  expect(document.querySelector("[data-announcer]")!.textContent).toBe(text);
});

test("another choice announces no past change", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const page = await open();
  await page.sends("flightStateUpdate", { ...flights[0], gate: "4" });
  await openSettings(/Settings/);
  await choose("Announcements to screen readers", "off");
  await choose("Announcements to screen readers", "all");
  await act(async () => void vi.advanceTimersByTime(COLLECT_MILLIS));
  expect(document.querySelector("[data-announcer]")!.textContent).toBe("");
});
