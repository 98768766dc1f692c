// The page in a document of jsdom, with a stream that the test controls.

import { act, cleanup, render } from "@testing-library/preact";
import { ROWS_INTERVAL_MILLIS, type Board, type Flight } from "flightboard-client";
import { expect, vi } from "vitest";
import { App } from "./App.tsx";
import { FakePageEnvironment } from "./test-doubles.ts";

/** jsdom has no modal dialogs. */
export function addDialogs(): void {
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    if (!this.open) return;
    this.open = false;
    queueMicrotask(() => this.dispatchEvent(new Event("close")));
  };
}

interface TestServer {
  millisAhead?: number;
  /** The answer to a request; undefined gives the list of boards. */
  answer?(url: string): Response | Promise<Response> | undefined;
}

export class TestPage {
  readonly world = new FakePageEnvironment();
  #events = 0;
  /** The server's clock, behind that of the screen. */
  #behind = 0;

  /** Opens a URL whose board has these rows. Without `millisAhead` the screen's clock is right. */
  static async open(
    path: string,
    board: Board,
    flights: readonly Flight[],
    { millisAhead, answer }: TestServer = {},
  ): Promise<TestPage> {
    window.history.replaceState(null, "", path);
    const boards = [{ ...board, closed: false }];
    vi.stubGlobal("fetch", async (url: string) => answer?.(url) ?? Response.json({ boards }));
    const page = new TestPage();
    const serverTime = page.world.clock.now();
    if (millisAhead !== undefined) await page.world.clock.advance(millisAhead);
    page.#behind = page.world.clock.now() - serverTime;
    await act(async () => render(<App environment={page.world} />) && undefined);
    // Some pages are loaded in parts.
    await vi.waitFor(() => expect(page.world.streams).not.toEqual([]), 20_000);
    page.world.stream.opens();
    await page.sends("timetable", { board, reason: "start", flights });
    if (millisAhead === undefined) await page.heartbeat();
    return page;
  }

  /** With the server's time. */
  async heartbeat(): Promise<void> {
    const at = new Date(this.world.clock.now() - this.#behind).toISOString();
    await this.sends("heartbeat", { at, head: `aa-${this.#events}` });
  }

  async sends(name: string, data: unknown): Promise<void> {
    if (name !== "heartbeat") this.#events += 1;
    await act(async () => {
      this.world.stream.sends(name, data, `aa-${this.#events}`);
      await this.world.clock.advance(ROWS_INTERVAL_MILLIS);
    });
  }

  static close(): void {
    cleanup();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    window.history.replaceState(null, "", "/");
  }
}

/** The flights of the rows in sight, from top to bottom. */
export function shownFlights(): (string | undefined)[] {
  const rows = document.querySelectorAll<HTMLElement>(".hour:not([hidden]) [data-flight]");
  return [...rows].map((row) => row.dataset.flight);
}
