// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { eventSourceClass } from "./event-source.ts";

const asked = vi.hoisted(() => vi.fn());

vi.mock("event-source-polyfill", () => {
  asked();
  return { EventSourcePolyfill: class StandIn {} };
});

afterEach(() => vi.unstubAllGlobals());

test("prefers the native EventSource", async () => {
  const Native = class {};
  vi.stubGlobal("EventSource", Native);
  expect(await eventSourceClass()).toBe(Native);
  expect(asked).not.toHaveBeenCalled();
});

test("falls back to the polyfill", async () => {
  vi.stubGlobal("EventSource", undefined);
  expect((await eventSourceClass()).name).toBe("StandIn");
  expect(asked).toHaveBeenCalledOnce();
});
