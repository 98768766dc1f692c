import { expect, test } from "vitest";
import { FakeClock, flushPromises } from "./test-doubles.ts";
import { loadPart, MAX_ATTEMPTS } from "./usePart.ts";

test("attempts are less and less frequent", async () => {
  const clock = new FakeClock();
  const start = clock.now();
  const attempts: number[] = [];
  const part = loadPart(clock, async () => {
    attempts.push(clock.now() - start);
    if (attempts.length < 4) throw new TypeError("no network");
    return "part";
  });
  await pass(clock, 60);
  expect(await part).toBe("part");
  expect(attempts).toEqual([0, 1_000, 3_000, 7_000]);
});

/** In steps, since each attempt fails before it sets its timer. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await flushPromises();
    await clock.advance(1_000);
  }
}

test("the last failure is that of the page", async () => {
  const clock = new FakeClock();
  let attempts = 0;
  const part = loadPart(clock, async () => {
    attempts += 1;
    throw new TypeError("no network");
  });
  const failure = expect(part).rejects.toThrow("no network");
  await pass(clock, 600);
  await failure;
  expect(attempts).toBe(MAX_ATTEMPTS);
});
