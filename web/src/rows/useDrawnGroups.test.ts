// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_WHOLE_ROWS, useDrawnGroups } from "./useDrawnGroups.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const STEP_MILLIS = 16;

/** How many rows are drawn of each group with as many rows. */
function drawn(...sizes: number[]) {
  const groups = sizes.map((length) => ({ rows: Array.from({ length }) }));
  const { result } = renderHook(() => useDrawnGroups(groups));
  return () => sizes.map((size, index) => Math.min(size, result.current.drawnRows(index)));
}

test("all rows are drawn in steps", async () => {
  const counts = drawn(60, MAX_WHOLE_ROWS - 60);
  let before = 0;
  for (let steps = 0; steps < MAX_WHOLE_ROWS; steps++) {
    const [first, second] = counts() as [number, number];
    const more = first + second - before;
    expect(more).toBeLessThan(30);
    expect(second === 0 || first === 60).toBe(true);
    if (more === 0) break;
    before += more;
    await act(async () => void vi.advanceTimersByTime(STEP_MILLIS));
  }
  expect(counts()).toEqual([60, MAX_WHOLE_ROWS - 60]);
});

test("large boards begin with whole groups", async () => {
  const counts = drawn(5, 60, MAX_WHOLE_ROWS);
  expect(counts()).toEqual([5, 60, 0]);
  await act(async () => void vi.advanceTimersByTime(10 * STEP_MILLIS));
  expect(counts()).toEqual([5, 60, 0]);
});
