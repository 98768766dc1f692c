import { expect, test } from "vitest";
import { minuteTicks } from "./axes.tsx";

test.each([
  [[], [0, 5, 10, 15]],
  [
    [3, 14],
    [0, 5, 10, 15],
  ],
  [
    [-4, 22],
    [-10, 0, 10, 20, 30],
  ],
  [[200], [0, 60, 120, 180, 240]],
])("the lines for %j are %j", (delays, ticks) => {
  expect(minuteTicks(delays)).toEqual(ticks);
});

test.each([[[-40, 7]], [[-1]], [[10_000]], [[-700, 900]]])("few lines hold %j", (delays) => {
  const ticks = minuteTicks(delays);
  expect(ticks.length).toBeLessThanOrEqual(9);
  expect(ticks).toContain(0);
  expect(Math.min(...ticks)).toBeLessThanOrEqual(Math.min(...delays));
  expect(Math.max(...ticks)).toBeGreaterThanOrEqual(Math.max(...delays));
});
