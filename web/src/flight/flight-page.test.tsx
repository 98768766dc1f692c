// @vitest-environment jsdom
import { act, screen, within } from "@testing-library/preact";
import type { Board } from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addDialogs, TestPage } from "../test-page.tsx";

const board: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "Asia/Hong_Kong",
};

const key = { flight: "CX 103", date: "2026-11-22" };
const row = { ...key, destination: "London", departure: "2026-11-22T14:30:00Z", gate: "B7" };

const changes = [
  { fields: { gate: { from: "B4", to: "B7" }, state: { to: "boarding" } } },
  { fields: { estimated: { from: "2026-11-22T14:40:00Z", to: "2026-11-22T14:50:00Z" } } },
  { fields: { remark: { from: "Late crew" } } },
  { event: "flightAddition", fields: { gate: { to: "B4" } } },
  { flight: { ...key, date: "2026-11-21" }, fields: { gate: { to: "A1" } } },
].map((change, index) => ({
  id: `aa-${9 - index}`,
  time: `2026-11-22T12:0${9 - index}:00Z`,
  event: "flightStateUpdate",
  flight: key,
  ...change,
}));

beforeEach(addDialogs);
afterEach(() => TestPage.close());

async function open(state?: string): Promise<{ page: TestPage; requests: string[] }> {
  const requests: string[] = [];
  const path = "/boards/hk/flights/CX103";
  const page = await TestPage.open(path, board, [{ ...row, ...(state && { state }) }]);
  vi.stubGlobal("fetch", async (url: string) => {
    requests.push(url);
    return Response.json({ changes });
  });
  return { page, requests };
}

/** This part of the page is loaded when a flight is opened. */
const partOf = <T,>(find: () => T) => vi.waitFor(find, 15_000);

const lines = () =>
  within(screen.getByRole("region", { name: "What has changed" }))
    .getAllByRole("listitem")
    .map((line) => line.textContent);

test("a flight has its line of changes", async () => {
  const { page, requests } = await open("boarding");
  await page.sends("flightStateUpdate", { ...key, gate: "B7" });
  await partOf(() => expect(lines()).toHaveLength(4));
  expect(lines()[0]).toMatch(/20:09.*State Boarding, Gate B4 → B7$/);
  expect(lines()[1]).toMatch(/Estimated 22:40 → 22:50$/);
  expect(lines()[2]).toMatch(/Remark Late crew withdrawn$/);
  expect(lines()[3]).toMatch(/Added to the board$/);
  expect(requests[0]).toContain("/boards/hk/changes?limit=50&flight=CX+103&date=2026-11-22");
});

test("steps show how far a flight is", async () => {
  const { page } = await open("boarding");
  const steps = () => screen.queryByRole("list", { name: "Progress" });
  const done = () => steps()!.querySelectorAll("[data-done]").length;
  expect(done()).toBe(4);
  expect(steps()!.querySelector("[aria-current]")!.textContent).toBe("Boarding");
  await page.sends("flightStateUpdate", { ...key, state: "departed" });
  expect(done()).toBe(7);
  await page.sends("flightStateUpdate", { ...key, state: "cancelled" });
  expect(steps()).toBeNull();
});

test("a QR code has the link", async () => {
  await open();
  const button = await partOf(() => screen.getByRole("button", { name: "QR code" }));
  const code = screen.getByRole("img");
  expect(code.getAttribute("aria-label")).toMatch("/boards/hk/flights/CX%20103?date=2026-11-22");
  expect(code.dataset.shown).toBeUndefined();
  await act(async () => button.click());
  expect(code.dataset.shown).toBe("");
});

test("details in doubt say so", async () => {
  const { page } = await open();
  const dialog = screen.getByRole("dialog");
  expect(within(dialog).queryByText(/These rows are as of/)).toBeNull();
  await act(async () => page.world.stream.breaks());
  expect(within(dialog).getByText(/These rows are as of/)).toBeTruthy();
});
