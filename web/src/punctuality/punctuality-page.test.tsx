// @vitest-environment jsdom
// The page of the punctuality, with a server that the test plays.

import { act, fireEvent, screen } from "@testing-library/preact";
import type { Board } from "flightboard-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TestPage } from "../test-page.tsx";
import type { Figures, Punctuality } from "./figures.ts";
import { REFRESH_MILLIS, RETRY_MILLIS } from "./usePunctuality.ts";

const board: Board = { name: "main", title: "Hall", kind: "departures", timeZone: "Europe/Rome" };

const figures: Figures = {
  flights: 12,
  onTime: 8,
  late: 2,
  cancelled: 0,
  diverted: 0,
  unknown: 2,
  onTimeShare: 0.8,
  medianDelay: -3,
  p90Delay: 41,
};

const nothing: Figures = {
  ...{ flights: 2, onTime: 0, late: 0, cancelled: 0, diverted: 0, unknown: 2 },
  ...{ onTimeShare: null, medianDelay: null, p90Delay: null },
};

const counted: Punctuality = {
  from: "2026-11-21T23:00:00.000Z",
  to: "2026-11-22T23:00:00.000Z",
  asOf: "2026-11-22T14:00:00.000Z",
  timeZone: "Europe/Rome",
  overall: figures,
  byHour: [
    { ...figures, hour: 6, onTimeShare: 0 },
    { ...nothing, hour: 7 },
  ],
  byAirline: [{ ...figures, airline: "Alpha" }],
  moreAirlines: 3,
};

type Reply = () => Response | Promise<Response>;

/** Opens the page. `replies` are those to the requests for figures, of which the last one repeats. */
async function open(replies: Reply[], path = ""): Promise<{ page: TestPage; asked: string[] }> {
  const asked: string[] = [];
  const page = await TestPage.open(`/boards/main/punctuality${path}`, board, [], {
    answer(url) {
      if (!url.includes("/punctuality?")) return undefined;
      asked.push(decodeURIComponent(url.split("?")[1]!));
      return (replies.length > 1 ? replies.shift()! : replies[0]!)();
    },
  });
  await settle();
  return { page, asked };
}

const settle = () => act(async () => void (await new Promise((resume) => setTimeout(resume))));

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(TestPage.close);

const json = (body: unknown, status?: number) => () =>
  Response.json(body, status ? { status } : {});
const gone = (oldest: string) => json({ oldest, detail: "" }, 410);

const valueOf = (label: string) =>
  screen.getByText(label, { selector: "dt" }).nextElementSibling?.textContent;

test("counts the day of the airport", async () => {
  const { asked } = await open([json(counted)]);
  expect(asked).toEqual(["from=2026-11-21T23:00:00.000Z&to=2026-11-22T23:00:00.000Z"]);
  expect(valueOf("On time")).toBe("80%");
  expect(valueOf("Median delay")).toBe("−3 min");
  expect(valueOf("Not known")).toBe("2");
  expect(screen.getByText("As of 22 Nov, 15:00.")).toBeTruthy();
  expect(screen.getByText("3 more airlines are not listed.")).toBeTruthy();
});

test("zero is drawn, and unknown is not", async () => {
  await open([json(counted)]);
  const plot = screen.getByRole("figure", { name: /On time by hour/ });
  expect(plot.querySelectorAll("rect").length).toBe(1);
  const cells = [...plot.querySelectorAll("tbody tr")].map(
    (row) => row.querySelector("td")?.textContent,
  );
  expect(cells).toEqual(["0%", "not known"]);
});

test("nothing known is no zero", async () => {
  await open([json({ ...counted, overall: nothing })]);
  expect(valueOf("On time")).toBe("not known");
  expect(screen.getByText("No outcome of these flights is known yet.")).toBeTruthy();
  expect(screen.queryByRole("figure")).toBeNull();
});

test("no flights have no figures", async () => {
  await open([json({ ...counted, overall: { ...nothing, flights: 0, unknown: 0 } })]);
  expect(screen.getByText("No flight is scheduled in this time.")).toBeTruthy();
  expect(screen.queryByText("On time", { selector: "dt" })).toBeNull();
});

test("a younger history is counted from its beginning", async () => {
  const { asked } = await open([gone("2026-11-22T10:00:00.000Z"), json(counted)]);
  expect(asked[1]).toBe("from=2026-11-22T10:00:00.000Z&to=2026-11-22T23:00:00.000Z");
  expect(screen.getByText("The server knows flights since 22 Nov, 11:00 only.")).toBeTruthy();
  expect(valueOf("On time")).toBe("80%");
});

test("a history that begins later has no figures", async () => {
  const { asked } = await open([gone("2026-11-22T10:00:00.000Z")], "?days=yesterday");
  expect(asked.length).toBe(1);
  expect(screen.getByText("The server knows flights since 22 Nov, 11:00 only.")).toBeTruthy();
  expect(screen.queryByText("On time", { selector: "dt" })).toBeNull();
});

test("figures stay in doubt until newer ones come", async () => {
  const failure = () => Promise.reject(new TypeError("network"));
  const next = { ...counted, overall: { ...figures, onTimeShare: 0.9 } };
  const { page } = await open([json(counted), failure, json(next)]);
  const advance = async (millis: number) => {
    await act(async () => void (await page.world.clock.advance(millis)));
    await settle();
  };
  await advance(REFRESH_MILLIS);
  expect(valueOf("On time")).toBe("80%");
  const doubt = "These figures are as of 22 Nov, 15:00. Newer ones have not come.";
  expect(screen.getByText(doubt)).toBeTruthy();
  await advance(RETRY_MILLIS);
  expect(valueOf("On time")).toBe("90%");
  expect(screen.queryByText(doubt)).toBeNull();
});

test("stopped updates leave the figures alone", async () => {
  const { page, asked } = await open([json(counted)]);
  await act(async () => void fireEvent.click(screen.getByRole("button", { name: "Stop updates" })));
  await act(async () => void (await page.world.clock.advance(3 * REFRESH_MILLIS)));
  await settle();
  expect(asked.length).toBe(1);
  await act(async () => void fireEvent.click(screen.getByRole("button", { name: "Resume" })));
  await settle();
  expect(asked.length).toBe(2);
});

test("other days are counted first", async () => {
  await open([json(counted), () => new Promise<Response>(() => undefined)]);
  await act(async () => void fireEvent.input(screen.getByLabelText("7 days")));
  await settle();
  expect(screen.queryByText("80%")).toBeNull();
  expect(screen.getByText("Counting the flights")).toBeTruthy();
});

test("other days do not show these figures", async () => {
  await open([json(counted), () => Promise.reject(new TypeError("network"))]);
  await act(async () => void fireEvent.input(screen.getByLabelText("Yesterday")));
  await settle();
  expect(screen.queryByText("80%")).toBeNull();
  expect(screen.getByText("The server has not answered yet. This page keeps trying.")).toBeTruthy();
  expect(window.location.search).toBe("?days=yesterday");
});

test("the server's refusal is shown", async () => {
  await open([json({ detail: "from begins a span with too many flights" }, 400)]);
  expect(screen.getByRole("alert").textContent).toBe("from begins a span with too many flights");
});
