import { beforeEach, describe, expect, test } from "vitest";
import { FIRST_BACKOFF_MILLIS } from "./backoff.ts";
import { REOPEN_POLL_MILLIS } from "./connection.ts";
import { SILENCE_TIMEOUT_MILLIS } from "./board-stream.ts";
import { openConnection, WHOLE_URL } from "./connection-fixture.ts";
import { flushPromises } from "./test-doubles.ts";

let { world, events, connection, state, goesLive } = openConnection();

beforeEach(() => {
  ({ world, events, connection, state, goesLive } = openConnection());
});

describe("closedConnection", () => {
  test("closes with its reason", async () => {
    goesLive();
    world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-8");
    expect(state()).toEqual({ status: "closed", reason: "end of the day" });
    expect(events.at(-1)?.name).toBe("closedConnection");
    expect(world.stream.readyState).toBe(2);
    connection.stop();
    connection.resume();
    connection.suspend();
    world.status = "closed";
    connection.wake();
    await world.clock.advance(SILENCE_TIMEOUT_MILLIS * 10);
    expect(world.streams).toHaveLength(1);
    expect(state()).toEqual({ status: "closed", reason: "end of the day" });
  });

  test("polls until the board is open", async () => {
    goesLive();
    world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-8");
    for (const status of ["closed", "unknown", "absent"] as const) {
      world.status = status;
      world.asked.length = 0;
      await world.clock.advance(REOPEN_POLL_MILLIS);
      expect(world.asked).toEqual(["/boards/main"]);
      expect(state().status).toBe("closed");
    }
    world.status = "open";
    // Other screens ask at other moments.
    world.chance = 0;
    await world.clock.advance(REOPEN_POLL_MILLIS);
    expect(world.stream.url).toBe(WHOLE_URL);
    expect(state()).toEqual({ status: "connecting" });
    goesLive();
    expect(state()).toEqual({ status: "live" });
    await world.clock.advance(REOPEN_POLL_MILLIS);
    expect(world.streams).toHaveLength(2);
  });

  test("asks at once when looked at", async () => {
    goesLive();
    world.stream.sends("closedConnection", { reason: "end of the day" }, "aa-8");
    connection.wake();
    await flushPromises();
    expect(world.streams).toHaveLength(2);
    expect(world.clock.pending, "only the watchdog's timer").toBe(1);
  });
});

test("a missing board is told at once", async () => {
  world.status = "absent";
  world.stream.ends();
  await world.clock.advance(0);
  expect(state()).toEqual({ status: "absent" });
});

describe("a denied board", () => {
  const denied = (hadRows: boolean) => ({ status: "denied", hadRows, detail: "the reason" });

  beforeEach(() => {
    world.status = "denied";
    world.detail = "the reason";
  });

  test("is told at once", async () => {
    world.stream.ends();
    await world.clock.advance(0);
    expect(state()).toEqual(denied(false));
  });

  test("is followed anew once accessible", async () => {
    goesLive();
    world.stream.ends();
    await world.clock.advance(FIRST_BACKOFF_MILLIS);
    expect(state()).toEqual(denied(true));
    await world.clock.advance(REOPEN_POLL_MILLIS);
    expect(state()).toEqual(denied(true));
    world.status = "unknown";
    await world.clock.advance(REOPEN_POLL_MILLIS);
    expect(state(), "a proxy's answer says nothing").toEqual(denied(true));
    expect(world.streams).toHaveLength(1);
    world.status = "open";
    await world.clock.advance(REOPEN_POLL_MILLIS);
    expect(state()).toEqual({ status: "connecting" });
    expect(world.stream.url).toBe(WHOLE_URL);
  });

  test("is followed right after a sign-in", async () => {
    world.stream.ends();
    await world.clock.advance(0);
    world.status = "open";
    await connection.changeAccess();
    expect(world.streams).toHaveLength(2);
    goesLive();
    expect(state()).toEqual({ status: "live" });
  });

  test("has no stream to stop", async () => {
    world.stream.ends();
    await world.clock.advance(0);
    connection.stop();
    connection.suspend();
    connection.renew();
    expect(state()).toEqual(denied(false));
    expect(world.streams).toHaveLength(1);
  });

  test("is asked for when the page is shown", async () => {
    world.stream.ends();
    await world.clock.advance(0);
    world.status = "open";
    connection.wake();
    await flushPromises();
    expect(world.streams).toHaveLength(2);
  });
});
