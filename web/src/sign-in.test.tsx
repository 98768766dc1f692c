// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App.tsx";
import { FIRST_BACKOFF_MILLIS } from "../packages/flightboard-client/src/backoff.ts";
import { ROWS_INTERVAL_MILLIS } from "flightboard-client";
import { arrivals, FakePageEnvironment, rome } from "./test-doubles.ts";

const hall = { ...arrivals, name: "hall", title: "Hall", private: true };

let world: FakePageEnvironment;

beforeEach(() => {
  world = new FakePageEnvironment();
  world.status = "denied";
  world.detail = "following the board needs a token";
  window.history.replaceState(null, "", "/boards/hall");
  vi.stubGlobal("fetch", async () => Response.json({ boards: [] }));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const connection = () => screen.getByRole("status").dataset.connection;
const field = () => screen.getByLabelText<HTMLInputElement>("Token");
const button = (name: string) => screen.queryByRole("button", { name });

async function shown(): Promise<void> {
  await act(async () => {
    render(<App environment={world} />);
  });
}

async function denied(): Promise<void> {
  await act(async () => {
    world.stream.ends();
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
  });
}

async function timetable(): Promise<void> {
  await act(async () => {
    world.stream.opens();
    world.stream.sends("timetable", { board: hall, reason: "start", flights: [rome] }, "aa-1");
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
  });
}

async function submitted(token: string): Promise<void> {
  await act(async () => {
    fireEvent.change(field(), { target: { value: token } });
    fireEvent.submit(field().form!);
  });
}

test("a private board asks for a token", async () => {
  await shown();
  await denied();
  expect(connection()).toBe("denied");
  expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("This board needs a token");
  expect(screen.getByText("Following the board needs a token.")).toBeTruthy();
  expect([field().type, field().autocomplete]).toEqual(["password", "off"]);
  expect(field().form!.method, "no URL gets the token").toBe("post");
  expect(button("Stop updates")).toBeNull();
});

test("a right token shows the rows", async () => {
  await shown();
  await denied();
  await submitted(" right ");
  expect(world.signIns).toEqual(["right"]);
  await timetable();
  expect(document.querySelector('[data-flight="I768"]')).toBeTruthy();
  expect(document.querySelector("form")).toBeNull();
});

test("a wrong token is told and forgotten", async () => {
  await shown();
  await denied();
  await submitted("wrong");
  expect(screen.getByRole("alert").textContent).toBe("The token is not known here.");
  expect(field().value).toBe("");
  expect(connection()).toBe("denied");
  expect(JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).toBe("[{},{}]");
  expect(window.location.href).not.toContain("wrong");
});

test("an ended right takes the rows away", async () => {
  world.status = "open";
  await shown();
  await timetable();
  world.status = "denied";
  world.detail = "the token has expired";
  await denied();
  expect(document.querySelector("[data-flight]")).toBeNull();
  const heading = screen.getByRole("heading", { level: 2 });
  expect(heading.textContent).toBe("Access to this board has ended");
  expect(screen.getByText("The token has expired.")).toBeTruthy();
});

test("a private board can be signed out of", async () => {
  world.status = "open";
  await shown();
  await timetable();
  await act(async () => void fireEvent.click(button("Sign out")!));
  await vi.waitFor(() => expect(connection()).toBe("denied"));
  expect(world.stream.readyState).toBe(2);
  expect(document.querySelector("[data-flight]")).toBeNull();
});

test("a public board has no sign-out", async () => {
  world.status = "open";
  await shown();
  await act(async () => {
    world.stream.opens();
    world.stream.sends("timetable", { board: arrivals, reason: "start", flights: [] }, "aa-1");
    await world.clock.advance(ROWS_INTERVAL_MILLIS);
  });
  expect(button("Sign out")).toBeNull();
});

test("a page without https says so", async () => {
  vi.stubGlobal("isSecureContext", false);
  await shown();
  await denied();
  expect(screen.getByText(/came without https/)).toBeTruthy();
});
