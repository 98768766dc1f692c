// @vitest-environment jsdom
import { act, fireEvent, screen, within } from "@testing-library/preact";
import type { Board, Flight } from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addDialogs, shownFlights, TestPage } from "../test-page.tsx";
import { SETTLE_MILLIS } from "./ResultCount.tsx";

const board: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

/** Relative to 22:00 of 22 November at the airport. */
function at(minutes: number): string {
  return new Date(Date.parse("2026-11-22T14:00:00Z") + minutes * 60_000).toISOString();
}

const flights: Flight[] = [
  ...Array.from({ length: 10 }, (_, index) => ({
    flight: `CX ${100 + index}`,
    date: "2026-11-22",
    destination: "London",
    airline: "Cathay Pacific",
    departure: at(-200 + index),
    state: "departed",
    codeshares: [`AA ${1_000 + index}`],
  })),
  ...Array.from({ length: 10 }, (_, index) => ({
    flight: `UO ${100 + index}`,
    date: "2026-11-22",
    destination: index === 0 ? "São Paulo" : "Osaka",
    airline: "HK Express",
    departure: at(10 + 30 * index),
  })),
  { flight: "UO 100", date: "2026-11-23", destination: "São Paulo", departure: at(24 * 60) },
];

beforeEach(() => {
  addDialogs();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  TestPage.close();
  vi.useRealTimers();
});

const open = (path = "/boards/hk") => TestPage.open(path, board, flights);
const field = () => screen.getByRole<HTMLInputElement>("searchbox");
const type = (value: string) =>
  act(async () => void fireEvent.input(field(), { target: { value } }));
const press = (name: string) =>
  act(async () => void fireEvent.click(screen.getByRole("button", { name })));

test("a search finds codeshares among earlier flights", async () => {
  await open();
  expect(shownFlights()).toHaveLength(11);
  await type("aa1003");
  expect(shownFlights()).toEqual(["CX 103"]);
  expect(document.querySelector("[data-flight]")!.textContent).toContain("sold as AA 1003");
  expect(window.location.search).toBe("?q=aa1003");
  await type("sao paulo");
  expect(shownFlights()).toEqual(["UO 100", "UO 100"]);
  expect(screen.getByText("2 flights")).toBeTruthy();
});

test("the number of results is announced once", async () => {
  const page = await open();
  const region = document.querySelector("[data-found]")!;
  await type("l");
  await type("london");
  expect(region.textContent).toBe("");
  await act(async () => void vi.advanceTimersByTime(SETTLE_MILLIS));
  expect(region.textContent).toBe("10 earlier flights");
  await page.sends("flightRemoval", { flight: "CX 100", date: "2026-11-22" });
  await act(async () => void vi.advanceTimersByTime(SETTLE_MILLIS));
  expect(region.textContent).toBe("10 earlier flights");
  expect(document.querySelector(".found")!.textContent).toContain("9 earlier flights");
});

test("flights of now are the first results", async () => {
  await open("/boards/hk?q=108");
  expect(shownFlights()).toEqual(["UO 108", "CX 108"]);
});

test("results follow the changes of the board", async () => {
  const page = await open("/boards/hk?q=final");
  expect(screen.getByText("No flight for “final”")).toBeTruthy();
  await page.sends("flightAddition", { flight: "FI 1", airline: "Final Air", departure: at(20) });
  expect(shownFlights()).toEqual(["FI 1"]);
});

test("slash goes to the search, Escape clears it", async () => {
  await open();
  fireEvent.keyDown(document.body, { key: "/" });
  expect(document.activeElement).toBe(field());
  await type("london");
  await act(async () => void fireEvent.keyDown(field(), { key: "Escape" }));
  expect(field().value).toBe("");
  expect(window.location.search).toBe("");
  expect(shownFlights()).toHaveLength(11);
  expect(fireEvent.keyDown(field(), { key: "/" }), "a slash in the field").toBe(true);
});

test("an empty result offers to clear", async () => {
  await open("/boards/hk?q=atlantis&state=boarding&sort=place");
  expect(shownFlights()).toEqual([]);
  await press("Clear");
  expect(shownFlights()).toHaveLength(11);
  expect(window.location.search).toBe("?sort=place");
  expect(document.activeElement).toBe(field());
});

test("chips filter and sort", async () => {
  await open();
  await press("Next 2 hours");
  expect(shownFlights()).toEqual(["UO 100", "UO 101", "UO 102", "UO 103"]);
  expect(window.location.search).toBe("?time=2h");
  const pressed = screen.getByRole("button", { name: "Next 2 hours" });
  expect(pressed.getAttribute("aria-pressed")).toBe("true");
  await act(async () => {
    fireEvent.input(screen.getByLabelText("Sort by"), { target: { value: "place" } });
  });
  expect(shownFlights()).toEqual(["UO 101", "UO 102", "UO 103", "UO 100"]);
  await press("Next 2 hours");
  await act(async () => {
    fireEvent.input(screen.getByLabelText("Airline"), { target: { value: "Cathay Pacific" } });
  });
  expect(shownFlights()).toHaveLength(10);
  expect(window.location.search).toBe("?sort=place&airline=Cathay+Pacific");
});

test("a link opens a flight above its board", async () => {
  await open("/boards/hk/flights/cx103?date=2026-11-22&q=london");
  const sheet = screen.getByRole("dialog", { name: "CX 103 to London" });
  expect(field().value).toBe("london");
  await act(async () => void fireEvent.click(within(sheet).getByRole("button", { name: "Close" })));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(window.location.pathname + window.location.search).toBe("/boards/hk?q=london");
});

test("Back closes the details", async () => {
  await open("/boards/hk?q=osaka");
  const button = screen.getByRole("button", { name: "UO 101" });
  await act(async () => void fireEvent.click(button));
  expect(screen.getByRole("dialog", { name: "UO 101 to Osaka" })).toBeTruthy();
  const { pathname, search } = window.location;
  expect(pathname + search).toBe("/boards/hk/flights/UO%20101?date=2026-11-22&q=osaka");
  window.history.back();
  await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(window.location.pathname + window.location.search).toBe("/boards/hk?q=osaka");
});

test("a number of several days is a choice", async () => {
  await open("/boards/hk/flights/UO100");
  const choice = screen.getByRole("dialog", { name: "UO100" });
  const days = within(choice).getAllByRole("listitem");
  expect(days.map((it) => it.textContent)).toEqual(["Sun 22 Nov · 22:10", "Mon 23 Nov · 22:00"]);
  await press("Mon 23 Nov · 22:00");
  expect(screen.getByRole("dialog", { name: "UO 100 to São Paulo" }).textContent).toContain(
    "2026-11-23",
  );
  expect(window.location.search).toContain("date=2026-11-23");
});

test("a flight that is not there is said", async () => {
  await open("/boards/hk/flights/XX9");
  expect(screen.getByRole("dialog", { name: "XX9 is not on this board" })).toBeTruthy();
});

test.each(["clipboard", "no clipboard"])("a flight is shared with %s", async (clipboard) => {
  const copied: string[] = [];
  const writeText = async (text: string) => void copied.push(text);
  const value = clipboard === "clipboard" ? { writeText } : undefined;
  Object.defineProperty(navigator, "clipboard", { value, configurable: true });
  await open("/boards/hk/flights/CX103?q=london");
  await press("Share");
  const link = `${window.location.origin}/boards/hk/flights/CX%20103?date=2026-11-22`;
  if (value) {
    expect(copied).toEqual([link]);
    expect(screen.getByRole("button", { name: "Link copied" })).toBeTruthy();
  } else {
    expect(screen.getByLabelText<HTMLInputElement>("Link to this flight").value).toBe(link);
  }
});

test("a small board has a search only", async () => {
  await TestPage.open("/boards/hk", board, flights.slice(0, 6));
  expect(field()).toBeTruthy();
  expect(document.querySelector(".chips")).toBeNull();
  expect(shownFlights()).toHaveLength(6);
});
