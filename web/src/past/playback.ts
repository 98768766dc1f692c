// A stream that plays the past of a board, and the time that it has reached. A follower of its own applies and recovers it,
// as that of the live board does.

import {
  parseInstant,
  readEvent,
  type BoardSummary,
  type Clock,
  type EventStream,
} from "flightboard-client";
import type { Environment } from "../environment.ts";
import { Follower, type FollowerState } from "../follower.ts";
import { fetchRefusal, type PastFault } from "./past-requests.ts";
import { timeText, type Speed } from "./past-time.ts";

/** The played time stops when the server has been silent for longer: its heartbeats come every 15 seconds. */
export const MAX_UNHEARD_MILLIS = 20_000;

/** The state of an EventSource that comes back by itself. */
const CONNECTING = 0;

export type PlaybackEnvironment = Pick<Environment, "clock" | "random" | "onBuild" | "openStream">;

export interface PlaybackListener {
  onRows(): void;
  /** The playback has met the present. */
  onLive(): void;
  onFault(fault: PastFault): void;
}

export class Playback {
  readonly #follower: Follower;
  readonly #clock: PlayedClock;
  #isClosed = false;

  constructor(
    /** That of the board. */
    private readonly url: string,
    from: number,
    private readonly speed: Speed,
    private readonly environment: PlaybackEnvironment,
    private readonly listener: PlaybackListener,
  ) {
    const { clock, random, onBuild } = environment;
    this.#clock = new PlayedClock(clock, from, speed);
    // Not the shared stream of tabs, nor the rows that are kept for the time without a server: they are of the present.
    this.#follower = new Follower(url, {
      clock,
      random,
      onBuild,
      open: (_, lastId) => this.#open(lastId),
      fetchBoard: () => this.#askForRefusal(),
    });
    this.#follower.subscribe(() => {
      if (this.followed().connection.status === "live") this.#clock.run();
      else this.#clock.stop();
      listener.onRows();
    });
    this.#follower.open();
  }

  readonly followed = (): FollowerState => this.#follower.followed();

  /** The time of the rows. */
  played(): number {
    return this.#clock.now();
  }

  isRunning(): boolean {
    return this.#clock.isRunning();
  }

  close(): void {
    this.#isClosed = true;
    this.#follower.dispose();
  }

  #open(lastId: string): EventStream {
    const stream = this.environment.openStream(this.#streamUrl(lastId));
    const hear = (type: string, run: (event: MessageEvent<string>) => void) =>
      stream.addEventListener(type, (event) => {
        if (!this.#isClosed) run(event as MessageEvent<string>);
      });
    // Before the follower hears of them, so that the time is right once the rows are.
    hear("heartbeat", ({ data }) => this.#clock.set(atOf(data)));
    hear("timetable", ({ lastEventId }) => {
      if (!isPlayed(lastEventId)) this.listener.onFault({ kind: "refused" });
    });
    hear("live", () => this.listener.onLive());
    let isAnswered = false;
    hear("open", () => (isAnswered = true));
    hear("error", () => {
      // An overloaded server ends a stream before its first event.
      if (this.followed().connection.status !== "live" && stream.readyState === CONNECTING)
        this.listener.onFault({ kind: isAnswered ? "busy" : "lost" });
      isAnswered = false;
    });
    return stream;
  }

  #streamUrl(lastId: string): string {
    const query = new URLSearchParams({
      from: timeText(this.played()),
      speed: String(this.speed),
      ...(lastId !== "" && { lastEventId: lastId }),
    });
    return `${this.url}/events?${query}`;
  }

  async #askForRefusal(): Promise<BoardSummary> {
    const fault = await fetchRefusal(this.#streamUrl(""));
    if (fault === undefined) return { status: "open" };
    if (!this.#isClosed) this.listener.onFault(fault);
    return { status: "unknown" };
  }
}

/** The time of the past that is played: it runs while the stream does. */
class PlayedClock {
  /** When the stream was at `#played`, by the monotonic clock; undefined while it is cut. */
  #since: number | undefined;

  constructor(
    private readonly clock: Clock,
    /** Milliseconds since 1970. */
    private played: number,
    private readonly speed: Speed,
  ) {}

  now(): number {
    if (this.#since === undefined) return this.played;
    const passed = Math.min(this.clock.ticks() - this.#since, MAX_UNHEARD_MILLIS);
    return this.played + passed * this.speed;
  }

  isRunning(): boolean {
    return this.#since !== undefined;
  }

  set(played: number | undefined): void {
    if (played === undefined) return;
    this.played = played;
    this.#since = this.clock.ticks();
  }

  run(): void {
    if (this.#since === undefined) this.set(this.played);
  }

  stop(): void {
    this.played = this.now();
    this.#since = undefined;
  }
}

/** An older server does not know playbacks, and sends the rows of now. The ids of a playback end in its time. */
function isPlayed(id: string): boolean {
  return id.split("-").length === 3;
}

function atOf(heartbeat: string): number | undefined {
  const event = readEvent("heartbeat", heartbeat);
  return event?.name === "heartbeat" ? parseInstant(event.data.at) : undefined;
}
