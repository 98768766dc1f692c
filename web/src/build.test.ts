// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { buildOf, fetchBuild } from "./build.ts";

afterEach(() => {
  document.head.innerHTML = "";
  vi.unstubAllGlobals();
});

test("a page knows its own build", () => {
  expect(buildOf(document)).toBeUndefined();
  document.head.innerHTML = '<meta name="build" content="">';
  expect(buildOf(document), "in development").toBeUndefined();
  document.head.innerHTML = '<meta name="build" content="0b7d5c6e9f12">';
  expect(buildOf(document)).toBe("0b7d5c6e9f12");
});

test.each<[string | undefined, () => Promise<Response>]>([
  ["0b7d5c6e9f12", async () => new Response('<meta name="build" content="0b7d5c6e9f12">')],
  [undefined, async () => new Response("<h1>Sign in</h1>")],
  [undefined, () => Promise.reject(new TypeError("network"))],
])("a reload would show %s", async (build, answer) => {
  vi.stubGlobal("fetch", answer);
  expect(await fetchBuild()).toBe(build);
});
