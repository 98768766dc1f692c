// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { isOriginRefused, optionFor } from "./origin-refusal.ts";
import { boardAddress } from "./settings.ts";

const address = boardAddress("https://airport.example/base/boards/main")!;

afterEach(() => vi.unstubAllGlobals());

/** A server that answers requests for these URLs, and cuts the others off. */
function serve(...answered: string[]) {
  vi.stubGlobal("fetch", async (url: string) => {
    if (!answered.includes(url)) throw new TypeError("Failed to fetch");
    return new Response();
  });
}

test("a readable script tells a refusal", async () => {
  serve("https://airport.example/base/embed.js");
  expect(await isOriginRefused(address)).toBe(true);
});

test("a lost server refuses nothing", async () => {
  serve();
  expect(await isOriginRefused(address)).toBe(false);
});

test("a board that answers is open", async () => {
  serve("https://airport.example/base/embed.js", address.url);
  expect(await isOriginRefused(address)).toBe(false);
});

test("the option names the origin", () => {
  expect(optionFor("https://hotel.example")).toBe("--allow-origin https://hotel.example");
  expect(optionFor("null")).toBe("--allow-origin '*'");
});
