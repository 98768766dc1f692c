// An open connection to the board `main`, with a stream and a clock that the test controls.

import { createConnection, type ConnectionState } from "./connection.ts";
import type { StreamEnvironment } from "./environment.ts";
import type { BoardEvent } from "./events.ts";
import { arrivals, FakeEnvironment, rome } from "./test-doubles.ts";

export const HEARTBEAT_INTERVAL_MILLIS = 15_000;
export const WHOLE_URL = "/boards/main/events";
export const RESUMED_URL = "/boards/main/events?lastEventId=aa-7";

export function openConnection(fetchRows?: StreamEnvironment["fetchRows"]) {
  const world = new FakeEnvironment();
  if (fetchRows !== undefined) world.fetchRows = fetchRows;
  const events: BoardEvent[] = [];
  const states: ConnectionState[] = [];
  const builds: string[] = [];
  /** The names of events that do not fit the rows. */
  const misfits = new Set<string>();
  const connection = createConnection("/boards/main", world, {
    onEvent: (event) => events.push(event) > 0 && !misfits.has(event.name),
    onState: (state) => states.push(state),
    onHeartbeat: ({ build }) => builds.push(build ?? ""),
  });
  connection.open();
  return {
    world,
    events,
    states,
    builds,
    misfits,
    connection,
    state: () => connection.status(),
    goesLive: () => {
      world.stream.opens();
      world.stream.sends(
        "timetable",
        { board: arrivals, reason: "start", flights: [rome] },
        "aa-7",
      );
    },
    beats: (head = "aa-7") => {
      world.stream.sends("heartbeat", { at: "2026-11-22T14:00:00Z", head });
    },
    /** Advances until another stream is opened; returns the time that it took. */
    nextStream: async () => {
      const from = world.clock.now();
      const streams = world.streams.length;
      while (world.streams.length === streams) await world.clock.advance(250);
      return world.clock.now() - from;
    },
  };
}
