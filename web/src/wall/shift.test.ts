import { expect, test } from "vitest";
import { shiftAt } from "./shift.ts";

const MINUTE = 60_000;

test("each minute moves the picture by two pixels", () => {
  const shifts = Array.from({ length: 17 }, (_, minute) => shiftAt(minute * MINUTE));
  for (const [index, { x, y }] of shifts.slice(1).entries()) {
    const before = shifts[index]!;
    expect(Math.abs(x - before.x) + Math.abs(y - before.y)).toBe(2);
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    expect(Math.max(x, y)).toBeLessThanOrEqual(8);
  }
  expect(new Set(shifts.map(({ x, y }) => `${x} ${y}`)).size).toBe(16);
  expect(shifts[16]).toEqual(shifts[0]);
  expect(shiftAt(MINUTE - 1)).toEqual(shiftAt(0));
});
