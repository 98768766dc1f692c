// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/preact";
import {
  ROWS_INTERVAL_MILLIS,
  SILENCE_TIMEOUT_MILLIS,
  type Board,
  type Flight,
} from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../App.tsx";
import { FakePageEnvironment } from "../test-doubles.ts";
import { NOTICE_AFTER_MILLIS } from "./doubt.ts";
import { CODESHARE_MILLIS } from "./flight-number.tsx";
import { ROOM_PIXELS } from "./shift.ts";

const START = Date.parse("2026-11-22T14:00:00Z");
const TURN = 12_000;
const HEARTBEAT_MILLIS = 15_000;

const board: Board = {
  name: "hk",
  title: "Departures",
  kind: "departures",
  timeZone: "UTC",
  notice: "Please ask at desk 4",
};

function flight(minutes: number, fields: Partial<Flight> = {}): Flight {
  const departure = new Date(START + minutes * 60_000).toISOString();
  return { flight: `CX${minutes}`, date: "2026-11-22", departure, destination: "Rome", ...fields };
}

let world: FakePageEnvironment;
let head: number;

beforeEach(() => {
  world = new FakePageEnvironment();
  head = 1;
  window.history.replaceState(null, "", "/boards/hk/wall?rows=2");
  window.matchMedia = ((query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  })) as unknown as typeof window.matchMedia;
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

async function openWall(flights: Flight[]): Promise<void> {
  await act(async () => {
    render(<App environment={world} />);
    await import("./index.ts");
  });
  await vi.waitFor(() => expect(world.streams).toHaveLength(1), 20_000);
  world.stream.opens();
  await sent("timetable", { board, reason: "start", flights });
  await beat();
}

async function sent(name: string, data: unknown): Promise<void> {
  head += 1;
  await act(async () => {
    world.stream.sends(name, data, `aa-${head}`);
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
  });
}

async function beat(): Promise<void> {
  const at = new Date(world.clock.now()).toISOString();
  await act(async () => world.stream.sends("heartbeat", { at, head: `aa-${head}` }));
}

/** Time passes with a server that is there. */
async function pass(millis: number): Promise<void> {
  for (let left = millis; left > 0; left -= HEARTBEAT_MILLIS) {
    await act(async () => world.clock.advance(Math.min(left, HEARTBEAT_MILLIS)));
    await beat();
  }
}

const shown = () =>
  [...document.querySelectorAll<HTMLElement>("[data-flight]")].map(({ dataset }) => dataset.flight);

const flights = [5, 10, 15, 20, 25].map((minutes) => flight(minutes));

test("pages turn in their order", async () => {
  await openWall(flights);
  expect(shown()).toEqual(["CX5", "CX10"]);
  await pass(TURN);
  expect(shown()).toEqual(["CX15", "CX20"]);
  expect(screen.getByText("Page 2 of 3 · 14:15–14:20")).toBeTruthy();
  await pass(TURN);
  expect(shown()).toEqual(["CX25"]);
  await pass(TURN);
  expect(shown()).toEqual(["CX5", "CX10"]);
});

test("a call returns to the first page", async () => {
  await openWall(flights);
  await pass(TURN);
  expect(shown()).toEqual(["CX15", "CX20"]);
  await sent("flightStateUpdate", { flight: "CX10", date: "2026-11-22", remark: "Bring a coat" });
  await sent("flightStateUpdate", { flight: "CX20", date: "2026-11-22", state: "boarding" });
  expect(shown()).toEqual(["CX15", "CX20"]);
  await sent("flightStateUpdate", { flight: "CX10", date: "2026-11-22", state: "boarding" });
  expect(shown()).toEqual(["CX5", "CX10"]);
  await pass(TURN);
  expect(shown()).toEqual(["CX15", "CX20"]);
});

test("numbers of codeshares take turns", async () => {
  await openWall([flight(5, { codeshares: ["AA1", "BA2"] })]);
  const number = () => document.querySelector(".number")?.textContent;
  const seen = [number()];
  for (let turn = 0; turn < 3; turn++) {
    await pass(CODESHARE_MILLIS);
    seen.push(number());
  }
  expect(seen).toEqual(["CX5", "AA1", "BA2", "CX5"]);
  expect(shown()).toEqual(["CX5"]);
});

test("a wall has no controls", async () => {
  await openWall(flights);
  expect(document.querySelectorAll("a, button, input, [tabindex]")).toHaveLength(0);
  expect(document.querySelectorAll("[data-date='2026-11-22']")).toHaveLength(2);
});

test("half an hour of doubt shows the notice", async () => {
  await openWall([...flights, flight(50)]);
  await act(async () => world.clock.advance(SILENCE_TIMEOUT_MILLIS));
  expect(document.querySelector(".stale-notice")).not.toBeNull();
  expect(shown()).not.toEqual([]);
  // The clock of a wall has whole minutes.
  for (let minute = 0; minute <= NOTICE_AFTER_MILLIS / 60_000; minute++) {
    await act(async () => world.clock.advance(60_000));
  }
  expect(shown()).toEqual([]);
  expect(screen.getByRole("heading", { name: "Please ask at desk 4" })).toBeTruthy();
  expect(screen.getByText(/Last confirmed at 14:00:00, 22 Nov/)).toBeTruthy();
});

test("bad parameters are told to the console only", async () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  window.history.replaceState(null, "", "/boards/hk/wall?rows=2&turn=soon");
  await openWall(flights);
  expect(shown()).toEqual(["CX5", "CX10"]);
  expect(warn).toHaveBeenCalledOnce();
});

test("a crash is told and shown as doubt", async () => {
  await openWall(flights);
  // Rendering a row reads its codeshares.
  await sent("flightStateUpdate", { flight: "CX5", date: "2026-11-22", codeshares: 5 });
  expect(world.crashes).toHaveLength(1);
  expect(shown()).toEqual([]);
  expect(screen.getByRole("alert").textContent).toContain("This screen has a fault");
});

test.each([
  ["en", 1],
  ["ar", -1],
])("a wall in %s moves towards its room", async (tag, direction) => {
  window.history.replaceState(null, "", `/boards/hk/wall?rows=2&lang=${tag}`);
  await openWall([flight(20)]);
  const { style } = document.querySelector<HTMLElement>(".walls")!;
  const along = () => direction * Number(/translate\((-?\d+)px/.exec(style.transform)![1]) + 0;
  const seen: number[] = [];
  for (let minute = 0; minute < 16; minute++) {
    seen.push(along());
    await act(async () => world.clock.advance(60_000));
  }
  expect([Math.min(...seen), Math.max(...seen)]).toEqual([0, ROOM_PIXELS]);
});
