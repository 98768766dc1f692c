// @vitest-environment jsdom
// After any sequence of events, the page shows the text of a page that is opened afresh.

import { act, cleanup, render } from "@testing-library/preact";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App.tsx";
import type {
  Board,
  BoardEvent,
  BoardSource,
  Flight,
  FlightKey,
  FlightPatch,
  SourcedBoard,
} from "flightboard-client";
import { ROWS_INTERVAL_MILLIS } from "flightboard-client";
import { arrivals, avinor, FakePageEnvironment } from "./test-doubles.ts";

/** Sequences that are tried. */
const RUNS = 40;
const MAX_EVENTS = 12;
const TEST_TIMEOUT_MILLIS = 300_000;

type RowEvent = Exclude<BoardEvent, { name: "timetable" } | { name: "closedConnection" }>;

const rightToLeft = "مطار جدة 7";
const longWord = "Taumatawhakatangihangakoauauotamatea".repeat(6).slice(0, 200);
const names = ["Rome", "LHR", "تل أبيب", "ירושלים (TLV)", "a ⁧b", longWord, ""];
const texts = [...names, "1", "1, 1", "-", "CANCELLED"];
const states = ["cancelled", "CANCELLED", "Cancelled", "landing", "LANDED", "תאוחר", longWord, ""];
const times = ["10:10", "10:35", "12:50", "2026-11-22T09:40:00Z"];

/** A number with a space and a date looks like that number on that date. */
const numbers = ["I768", "I768 2026-11-22", "I768 2026-11-23", "i768", '["I768"'];
const dates = ["2026-11-22", "2026-11-23"];

const text = fc.constantFrom(...texts);
const list = fc.array(fc.constantFrom(...names, "Oslo", "Bergen"), { maxLength: 4 });
const legs = ["00:25", "23:55"];
const key = fc.record(
  {
    flight: fc.constantFrom(...numbers),
    date: fc.constantFrom(...dates),
    leg: fc.constantFrom(...legs),
  },
  { requiredKeys: ["flight"] },
);
const time = fc.constantFrom(...times);
const instant = fc.constantFrom("2026-11-22T10:10:00Z", "2026-11-23T00:35:00Z");
const fields = {
  origin: fc.constantFrom(...names),
  via: list,
  airline: text,
  codeshares: list,
  arrival: time,
  estimated: time,
  actual: time,
  arrivalInstant: instant,
  estimatedInstant: instant,
  actualInstant: instant,
  state: fc.constantFrom(...states),
  terminal: text,
  gate: text,
  belt: text,
  checkIn: text,
  remark: text,
};
const flight: fc.Arbitrary<Flight> = fc
  .tuple(key, fc.record(fields, { requiredKeys: [] }))
  .map(([key, fields]) => ({ ...fields, ...key }));
const cleared = Object.fromEntries(
  Object.entries(fields).map(([name, value]) => [name, fc.option(value as fc.Arbitrary<unknown>)]),
);
const patch = fc
  .tuple(key, fc.record(cleared, { requiredKeys: [] }))
  .map(([key, fields]) => ({ ...fields, ...key }) as FlightPatch);
const board: fc.Arbitrary<Board & { flights?: FlightPatch[] }> = fc
  .record(
    { title: fc.constantFrom(...names), note: text, flights: fc.array(patch, { maxLength: 3 }) },
    { requiredKeys: ["title"] },
  )
  .map((settings) => ({ ...arrivals, ...settings }));
const source: fc.Arbitrary<BoardSource | null> = fc.option(
  fc
    .record({ name: text, status: fc.constantFrom("current" as const, "late" as const) })
    .map((it) => ({
      ...avinor,
      ...it,
    })),
);
const events: fc.Arbitrary<RowEvent[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ name: fc.constant("flightAddition" as const), data: flight }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ name: fc.constant("flightStateUpdate" as const), data: patch }),
    },
    { weight: 2, arbitrary: fc.record({ name: fc.constant("flightRemoval" as const), data: key }) },
    { weight: 1, arbitrary: fc.record({ name: fc.constant("boardUpdate" as const), data: board }) },
    {
      weight: 1,
      arbitrary: fc.record({ name: fc.constant("sourceUpdate" as const), data: source }),
    },
  ),
  { maxLength: MAX_EVENTS },
);

interface Rows {
  board: SourcedBoard;
  flights: Flight[];
}

/** The rules of docs/protocol.md, without the page's code. */
function after(rows: Rows, { name, data }: RowEvent): Rows {
  if (name === "boardUpdate") {
    const { flights: patches = [], ...settings } = data;
    const { source } = rows.board;
    const board = source === undefined ? settings : { ...settings, source };
    const patched = (rows: Rows, data: FlightPatch) =>
      after(rows, { name: "flightStateUpdate", data });
    return patches.reduce(patched, { ...rows, board });
  }
  if (name === "sourceUpdate") {
    const { source: _, ...board } = rows.board;
    return { ...rows, board: data === null ? board : { ...board, source: data } };
  }
  const isSame = (flight: Flight) => isSameKey(flight, data);
  const index = rows.flights.findIndex(isSame);
  const flights = [...rows.flights];
  if (name === "flightRemoval") flights.splice(index, index < 0 ? 0 : 1);
  else if (name === "flightAddition") flights.splice(index < 0 ? flights.length : index, 1, data);
  else if (index >= 0) {
    const merged = Object.entries({ ...flights[index], ...data });
    const set = merged.filter(([, value]) => value !== null);
    flights[index] = Object.fromEntries(set) as unknown as Flight;
  }
  return { ...rows, flights };
}

/** Events for rows that exist: the server sends no others. */
function isSent({ flights }: Rows, { name, data }: RowEvent): boolean {
  if (name === "flightAddition" || name === "sourceUpdate") return true;
  const keys = name === "boardUpdate" ? (data.flights ?? []) : [data];
  return keys.every((key) => flights.some((flight) => isSameKey(flight, key)));
}

function isSameKey(one: FlightKey, other: FlightKey): boolean {
  return one.flight === other.flight && one.date === other.date && one.leg === other.leg;
}

async function openPage({ board, flights }: Rows) {
  const environment = new FakePageEnvironment();
  const container = document.createElement("div");
  document.body.append(container);
  await act(async () => void render(<App environment={environment} />, { container }));
  const send = async (name: string, data: unknown, id: string) => {
    await act(async () => {
      environment.stream.sends(name, data, id);
      await environment.clock.advance(ROWS_INTERVAL_MILLIS);
    });
  };
  await act(async () => environment.stream.opens());
  await send("timetable", { board, reason: "start", flights }, "aa-1");
  return { container, send };
}

/** What a reader sees, row by row, and the attributes that styles depend on. */
function shownText(container: HTMLElement) {
  const lines = [
    ...container.querySelectorAll(
      'h1, .source, .note, .caption, [role="row"], .empty, .stale-notice',
    ),
  ];
  return lines.map((line) => [
    line.textContent,
    ...[line, ...line.querySelectorAll("[data-column], [data-tone]")].map((element) =>
      ["data-state", "data-tone", "data-column", "title"].map((name) => element.getAttribute(name)),
    ),
  ]);
}

const namesakes = ["one", "two"].map((name) => ({
  ...arrivals,
  name,
  title: rightToLeft,
  closed: false,
}));

beforeEach(() => {
  vi.stubGlobal("fetch", async () => Response.json({ boards: namesakes }));
  vi.spyOn(console, "error").mockImplementation((...args) => {
    throw new Error(args.join(" "));
  });
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function checkText(start: Flight[], events: RowEvent[]): Promise<void> {
  let rows: Rows = { board: arrivals, flights: [] };
  for (const data of start) rows = after(rows, { name: "flightAddition", data });
  const page = await openPage(rows);
  let seq = 1;
  for (const event of events) {
    if (!isSent(rows, event)) continue;
    rows = after(rows, event);
    seq += 1;
    await page.send(event.name, event.data, `aa-${seq}`);
  }
  // The server sends the rows in its own order.
  const fresh = await openPage({ ...rows, flights: rows.flights.toReversed() });
  expect(shownText(page.container)).toEqual(shownText(fresh.container));
  cleanup();
  document.body.replaceChildren();
}

test(
  "its text is that of a fresh page",
  async () => {
    const property = fc.asyncProperty(fc.array(flight, { maxLength: 6 }), events, checkText);
    await fc.assert(property, { numRuns: RUNS });
  },
  TEST_TIMEOUT_MILLIS,
);

test("a stop that is listed twice leaves", async () => {
  const data = { flight: "I768", origin: "Rome", via: ["Oslo", "Bergen", "Oslo"] };
  const patch = { flight: "I768", via: ["Bergen"] };
  await checkText([data], [{ name: "flightStateUpdate", data: patch }]);
});

test("rows with look-alike keys are apart", async () => {
  const [dated, spaced] = [
    { flight: "I768", date: "2026-11-22", origin: "Rome" },
    { flight: "I768 2026-11-22", origin: "Oslo" },
  ];
  const { container, send } = await openPage({ board: arrivals, flights: [dated, spaced] });
  await send("flightStateUpdate", { ...spaced, gate: "B2" }, "aa-2");
  expect(container.querySelectorAll("[data-flight]")).toHaveLength(2);
  await checkText([dated, spaced], [{ name: "flightRemoval", data: dated }]);
});

test("each right-to-left text is isolated", async () => {
  const source = { name: rightToLeft, attribution: "Flights", reason: rightToLeft, status: "late" };
  const names = ["origin", "airline", "state", "terminal", "gate", "belt", "checkIn", "remark"];
  const row = { flight: "I768", via: [rightToLeft, rightToLeft], codeshares: [rightToLeft] };
  const flight = { ...row, ...Object.fromEntries(names.map((name) => [name, rightToLeft])) };
  const board = { ...arrivals, title: rightToLeft, note: rightToLeft, airport: rightToLeft };
  const sourced = { ...board, source: source as BoardSource };
  const { container, send } = await openPage({ board: sourced, flights: [flight] });
  await vi.waitFor(() => expect(container.querySelectorAll("[data-board]")).toHaveLength(2));
  expectIsolated(container, 18);
  await send("closedConnection", { reason: rightToLeft }, "aa-2");
  expectIsolated(container, 7);
});

/** Each of these texts is alone in an element that takes its direction from it. */
function expectIsolated(container: HTMLElement, count: number): void {
  const isolates = [...container.querySelectorAll("bdi, [dir=auto]")];
  const texts = isolates.map((isolate) => isolate.textContent);
  expect(texts.filter((text) => text === rightToLeft)).toHaveLength(count);
  expect(container.textContent?.split(rightToLeft)).toHaveLength(count + 1);
}
