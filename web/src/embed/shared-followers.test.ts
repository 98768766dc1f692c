// @vitest-environment jsdom
import { expect, test } from "vitest";
import { FakePageEnvironment } from "../test-doubles.ts";
import { SharedFollowers } from "./shared-followers.ts";

/** `readyState` of an EventSource. */
const CLOSED = 2;

const URL = "https://airport.example/boards/main";

test("elements of a board share a stream", () => {
  const world = new FakePageEnvironment();
  const shared = new SharedFollowers(world);
  const [one, other] = [shared.of(URL), shared.of(URL)];
  expect(other).toBe(one);
  shared.join(one);
  shared.join(other);
  expect(world.streams).toHaveLength(1);
  shared.leave(one);
  expect(world.stream.readyState).not.toBe(CLOSED);
  shared.leave(other);
  expect(world.stream.readyState).toBe(CLOSED);
});

test("an element that returns follows again", () => {
  const world = new FakePageEnvironment();
  const shared = new SharedFollowers(world);
  const first = shared.of(URL);
  shared.join(first);
  shared.leave(first);
  shared.join(shared.of(URL));
  expect(world.streams).toHaveLength(2);
  expect(world.stream.readyState).not.toBe(CLOSED);
});

test("another board has its own stream", () => {
  const world = new FakePageEnvironment();
  const shared = new SharedFollowers(world);
  shared.join(shared.of(URL));
  shared.join(shared.of(`${URL}2`));
  expect(world.streams).toHaveLength(2);
});
