// @vitest-environment jsdom
// All texts of the pages are from the language. The data of these boards has no Latin letters.

import { act, fireEvent, render, screen } from "@testing-library/preact";
import {
  SILENCE_TIMEOUT_MILLIS,
  type Board,
  type BoardSource,
  type Flight,
} from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FIRST_BACKOFF_MILLIS } from "../../packages/flightboard-client/src/backoff.ts";
import { App } from "../App.tsx";
import { stateNames } from "../states.ts";
import { FakePageEnvironment } from "../test-doubles.ts";
import { addDialogs, TestPage } from "../test-page.tsx";
import { NOTICE_AFTER_MILLIS } from "../wall/doubt.ts";
import { unbracketed } from "./bracketed.ts";
import { crashTexts } from "./crash.ts";

vi.mock("./en.ts", async (original) => {
  const { en } = await original<typeof import("./en.ts")>();
  const { bracketed } = await import("./bracketed.ts");
  return { en: bracketed(en) };
});

const WORDS = ["aria-label", "title", "placeholder", "alt", "data-label", "data-sold"];

/** The test's clock starts at 14:00. */
const NOW = Date.parse("2026-11-22T14:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

const departures: Board = { name: "1", title: "Αθήνα", kind: "departures", airport: "ΑΘΗ" };
const arrivals: Board = { ...departures, kind: "arrivals" };
const source: BoardSource = {
  name: "Πηγή",
  attribution: "Δεδομένα",
  status: "current",
  lastAnswer: at(-2),
  lateAfter: 540,
  reason: "σφάλμα",
};

const flights: Flight[] = [
  ...stateNames.map((state, index) => ({
    flight: `1${index}`,
    date: "2026-11-22",
    origin: "Ρώμη",
    destination: "Ρώμη",
    arrival: at(index),
    departure: at(index),
    state,
    gate: "4",
    belt: "5",
  })),
  { flight: "2", origin: "Ρώμη", departure: at(20), arrival: at(20), estimated: at(90) },
  { flight: "3", departure: at(60), arrival: at(60), estimated: at(45), remark: "Σημείωση" },
  { flight: "4", state: "άλλο", codeshares: ["51", "52"], via: ["Πάτρα", "Βόλος"], terminal: "1" },
  { flight: "5", departure: at(-300), arrival: at(-300), airline: "Αέρας", terminal: "2" },
  { flight: "6", departure: at(1_500), arrival: at(1_500), airline: "Άνεμος" },
];

beforeEach(() => {
  addDialogs();
  window.localStorage.clear();
  window.matchMedia = ((query: string) => ({
    matches: query.includes("aspect-ratio") && window.location.search.includes("wide"),
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  })) as unknown as typeof window.matchMedia;
});
afterEach(TestPage.close);

/** Texts and words of attributes that are not from the language. Commands and names of languages are in none. */
function foreignTexts(): string[] {
  const body = document.body.cloneNode(true) as HTMLElement;
  const others = body.querySelectorAll("pre, .settings > [lang], option[lang]");
  for (const element of others) element.remove();
  const attributes = [...body.querySelectorAll("*")].flatMap((element) =>
    WORDS.map((name) => element.getAttribute(name) ?? ""),
  );
  return [body.textContent, ...attributes].flatMap((text) => unbracketed(text) ?? []);
}

const pass = (page: TestPage, millis: number) => act(() => page.world.clock.advance(millis));

test.each([departures, arrivals])("rows of all states", async (board) => {
  const columns = ["origin", "flight", "arrival", "state", "estimated", "via", "codeshares"];
  for (const shown of [board, { ...board, columns }, { ...board, source }]) {
    await TestPage.open("/boards/1", shown, flights);
    expect(document.body.textContent).toContain("⟦Boarding⟧");
    expect(foreignTexts()).toEqual([]);
    TestPage.close();
  }
});

test("searches and filters", async () => {
  for (const query of ["?q=51", "?q=999", "?state=disrupted", "?sort=place", "?time=tomorrow"]) {
    await TestPage.open(`/boards/1${query}`, departures, flights);
    expect(foreignTexts(), query).toEqual([]);
    TestPage.close();
  }
});

test("details of a flight, and its card", async () => {
  await TestPage.open("/boards/1/flights/4", departures, flights);
  fireEvent.click(screen.getByRole("button", { name: "⟦Follow⟧" }));
  await vi.waitFor(() => screen.getByRole("button", { name: "⟦Stop following⟧" }));
  expect(foreignTexts()).toEqual([]);
  TestPage.close();
  await TestPage.open("/boards/1/flights/77", departures, flights);
  expect(foreignTexts()).toEqual([]);
});

test("settings", async () => {
  await TestPage.open("/boards/1", departures, flights);
  fireEvent.click(screen.getByRole("button", { name: /⟦Settings⟧/ }));
  await vi.waitFor(() => screen.getByRole("dialog", { name: "⟦Settings⟧" }));
  expect(foreignTexts()).toEqual([]);
});

test("announced changes", async () => {
  const page = await TestPage.open("/boards/1", departures, flights);
  const change = { date: "2026-11-22", gate: "7", estimated: at(70) };
  await page.sends("flightStateUpdate", { flight: "10", state: "boarding", ...change });
  await page.sends("flightRemoval", { flight: "6" });
  const region = document.querySelector("[data-announcer]")!;
  await vi.waitFor(() => expect(region.textContent).not.toBe(""), 5_000);
  expect(foreignTexts()).toEqual([]);
});

test("states of the connection", async () => {
  const page = await TestPage.open("/boards/1", departures, flights);
  expect(foreignTexts()).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "⟦Stop updates⟧" }));
  await vi.waitFor(() => screen.getByRole("button", { name: "⟦Resume⟧" }));
  expect(foreignTexts()).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "⟦Resume⟧" }));
  await pass(page, SILENCE_TIMEOUT_MILLIS);
  expect(foreignTexts()).toEqual([]);
});

test.each(["absent", "denied"] as const)("a board that is %s", async (status) => {
  const page = await TestPage.open("/boards/1", departures, flights);
  page.world.status = status;
  await act(async () => page.world.stream.ends());
  await pass(page, FIRST_BACKOFF_MILLIS);
  expect(screen.getByRole("status").dataset.connection).toBe(status);
  expect(foreignTexts()).toEqual([]);
});

test.each([undefined, "Μεταφέρθηκε"])("a closed board", async (reason) => {
  const page = await TestPage.open("/boards/1", departures, flights);
  await page.sends("closedConnection", { board: "1", ...(reason && { reason }) });
  expect(foreignTexts()).toEqual([]);
});

test.each([
  departures,
  { ...departures, source },
  { ...departures, source: { ...source, status: "late" } },
  { ...departures, source: { ...source, status: "failing", lastAnswer: undefined } },
  { ...departures, expectEvery: "1m" },
] as Board[])("a board without rows", async (board) => {
  const page = await TestPage.open("/boards/1", board, []);
  expect(foreignTexts()).toEqual([]);
  await pass(page, 5 * 60_000);
  expect(foreignTexts()).toEqual([]);
});

test.each(["/boards/1/wall?rows=9", "/gates/4", "/belts/5", "/airports/ΑΘΗ", "/airports/ΑΘΗ?wide"])(
  "the public screen %s",
  async (path) => {
    const page = await TestPage.open(path, path.includes("belts") ? arrivals : departures, flights);
    await vi.waitFor(() => expect(document.querySelector("[data-flight]")).not.toBeNull());
    expect(foreignTexts()).toEqual([]);
    await pass(page, NOTICE_AFTER_MILLIS + SILENCE_TIMEOUT_MILLIS);
    expect(foreignTexts()).toEqual([]);
  },
);

test("pages that are not there", async () => {
  window.history.replaceState(null, "", "/nowhere/1/2");
  await act(async () => void render(<App environment={new FakePageEnvironment()} />));
  expect(document.body.textContent).toContain("⟦There is no such page⟧");
  expect(foreignTexts()).toEqual([]);
});

test("a page that has crashed", async () => {
  const page = await TestPage.open("/boards/1/wall?lang=ja,en", departures, flights);
  await page.sends("flightStateUpdate", {
    flight: "10",
    date: "2026-11-22",
    codeshares: 5,
  });
  expect(page.world.crashes).toHaveLength(1);
  const { title, text } = crashTexts.ja;
  expect(document.querySelector("main.crash")?.textContent).toBe(title + text);
});
