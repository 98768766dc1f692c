// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test } from "vitest";
import { BUSY_MILLIS, IDLE_MILLIS, watchInput } from "./quiet.ts";

let now: number;
let isQuiet: () => boolean;

beforeEach(() => {
  document.body.innerHTML = '<input /><button type="button">Stop</button><p>Rome</p>';
  now = 0;
  isQuiet = watchInput(() => now);
});

afterEach(() => {
  document.getSelection()?.removeAllRanges();
  Reflect.deleteProperty(document, "hidden");
});

test("an untouched page is quiet", () => {
  expect(isQuiet()).toBe(true);
});

test.each(["pointerdown", "keydown", "input", "wheel", "touchmove", "scroll"])(
  "a page is busy after %s",
  (type) => {
    document.querySelector("p")!.dispatchEvent(new Event(type));
    now += BUSY_MILLIS - 1;
    expect(isQuiet()).toBe(false);
    now += 1;
    expect(isQuiet()).toBe(true);
  },
);

test.each(["input", "button"])("a focused %s keeps it busy", (control) => {
  document.querySelector<HTMLElement>(control)!.focus();
  now += BUSY_MILLIS;
  expect(isQuiet()).toBe(false);
  document.querySelector<HTMLElement>(control)!.blur();
  expect(isQuiet()).toBe(true);
});

test("selected text keeps it busy", () => {
  document.getSelection()!.selectAllChildren(document.querySelector("p")!);
  expect(isQuiet()).toBe(false);
});

test("the reader has left an idle page", () => {
  document.querySelector("input")!.focus();
  now += IDLE_MILLIS;
  expect(isQuiet()).toBe(true);
});

test("a hidden page is quiet", () => {
  document.querySelector("input")!.focus();
  document.querySelector("input")!.dispatchEvent(new Event("input"));
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  expect(isQuiet()).toBe(true);
});
