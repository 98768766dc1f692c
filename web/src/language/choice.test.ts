// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { chosenTag, keepTag, preferredTag } from "./choice.ts";

afterEach(() => {
  vi.restoreAllMocks();
  window.localStorage.clear();
  window.history.replaceState(null, "", "/");
});

test("the URL comes first, then the reader's choice", () => {
  expect(chosenTag("", ["tlh", "fr-CA", "de"])).toBe("fr");
  keepTag("ja");
  expect(chosenTag("", ["fr"])).toBe("ja");
  expect(chosenTag("?lang=ar", ["fr"])).toBe("ar");
  expect(chosenTag("?lang=tlh", ["fr"])).toBe("ja");
  expect(chosenTag("?lang=zh,en", ["fr"])).toBe("zh");
});

test("a choice outlives the language of the URL", () => {
  window.history.replaceState("state", "", "/boards/hk?lang=ar&q=cx");
  keepTag("de");
  const { pathname, search } = window.location;
  expect(pathname + search).toBe("/boards/hk?q=cx");
  expect(window.history.state).toBe("state");
});

test("a denied storage leaves the browser's language", () => {
  for (const name of ["getItem", "setItem"] as const) {
    vi.spyOn(Storage.prototype, name).mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
  }
  keepTag("de");
  expect(chosenTag("", ["es"])).toBe("es");
});

test("without a known language there is English", () => {
  expect(preferredTag(["tlh", "xx-YY"])).toBe("en");
  expect(preferredTag([])).toBe("en");
});
