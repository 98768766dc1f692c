// The recorded day on a wall, at speed and with faults. Hours are those of the day, from 0 at its first announcement.

import assert from "node:assert/strict";
import { BoardHistory } from "./board-history.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { startServer } from "./program.mjs";
import { waitUntil } from "./wait.mjs";
import { WallScreen } from "./wall-screen.mjs";
import { WallWatch } from "./wall-watch.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `flightboard feed day` has its first announcement so long before the first scheduled departure. */
const LEAD = 2 * HOUR + 5 * MINUTE;
const FLIGHTS = 331;
const ZONE = "America/New_York";

/** Between two heartbeats that are added to a stream. */
const TIME_INTERVAL_MILLIS = 250;

/** The time of the day that is played, in milliseconds. */
export class DayClock {
  #format = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  #texts = new Map();

  /** The day begins now, and runs `speed` times as fast as real time. */
  constructor(begin, speed) {
    this.begin = begin;
    this.speed = speed;
    this.started = Date.now();
  }

  now() {
    return this.begin + (Date.now() - this.started) * this.speed;
  }

  hours() {
    return (this.now() - this.begin) / HOUR;
  }

  text = (instant) => {
    if (!this.#texts.has(instant)) this.#texts.set(instant, this.#format.format(instant));
    return this.#texts.get(instant);
  };
}

/** Gives a stream the time of the day, in heartbeats as of a server whose clock has it. */
class DayStream {
  #sent = 0;

  constructor(clock, history) {
    Object.assign(this, { clock, history });
  }

  /** Changes the time of the server's own heartbeats, and adds others, since 15 seconds of real time are long. */
  change = (event) => {
    const at = new Date(this.clock.now()).toISOString();
    if (event.includes("event: heartbeat\n")) {
      return event.replace(/"(at|lastUpdate)":"[^"]*"/g, (_, name) => `"${name}":"${at}"`);
    }
    const id = /^id: (.*)$/m.exec(event)?.[1];
    const isDue = Date.now() - this.#sent >= TIME_INTERVAL_MILLIS;
    if (id === undefined || !(isDue || event.includes("event: timetable\n"))) return event;
    this.#sent = Date.now();
    const heartbeat = JSON.stringify({ at, head: this.history.headAfter(id) });
    return `${event}event: heartbeat\ndata: ${heartbeat}\n\n`;
  };
}

/** A day that is being played: its server, its wall, and their comparison. */
export class RecordedDay {
  /** The numbers of faults by name. */
  faults = {};
  /** Nothing happens any more. */
  isOver = false;
  /** Replaced by a command that keeps pictures. */
  takePicture = async () => {};
  #restart;

  /** `layout` is the `size` of the wall's pages in rows, and their number `maxPages`. */
  static async start(test, browser, { speed, layout, before }) {
    const day = new RecordedDay();
    const server = await startServer(test, "--drain", "1s");
    day.server = server;
    day.#restart = () => server.restart();
    day.proxy = await FaultProxy.to(test, server);
    day.history = BoardHistory.follow(test, `${server.url}/boards/main`);
    day.feed = server.feed("day", "--once", "--speed", String(speed));
    // Its failure is thrown at the end of the day.
    day.feed.catch(() => {}).finally(() => (day.isOver = true));
    await waitUntil("the day has its flights", () => day.history.newest()?.rows.size === FLIGHTS);
    const departures = [...day.history.newest().rows.values()].map((row) => row.departure);
    day.clock = new DayClock(Math.min(...departures.map(Date.parse)) - LEAD, speed);
    day.proxy.change = new DayStream(day.clock, day.history).change;
    const wall = `${day.proxy.url}/boards/main/wall?${queryOf(layout)}`;
    day.screen = await WallScreen.open(test, browser, wall, before);
    day.watch = new WallWatch({ ...day, layout, head: () => day.head() });
    return day;
  }

  /** The newest event of the board, by its server. */
  async head() {
    const response = await fetch(`${this.server.url}/boards/main`);
    return (await response.json()).id;
  }

  /** Runs to the end of the day, with faults at their hours: `[hour, name, inject]`. */
  async play(faults) {
    const watching = this.watch.run();
    try {
      await this.watch.seesNewest("the wall shows the day");
      for (const [hour, name, inject] of faults) {
        await waitUntil(`hour ${hour}`, () => this.clock.hours() >= hour, Infinity);
        await inject(this);
        this.faults[name] = (this.faults[name] ?? 0) + 1;
        await this.watch.seesNewest(`the wall is right after: ${name}`);
        await this.#compareHistory();
      }
      await this.feed;
      await this.#compareHistory();
      await this.watch.seesNewest("the wall is right at the end");
    } catch (error) {
      const [first] = this.watch.wrong;
      throw first === undefined
        ? error
        : new Error(`wrong rows: ${JSON.stringify(first)}`, { cause: error });
    } finally {
      this.watch.stop();
      await watching;
    }
  }

  /** The history with which the wall is compared has the rows of the server's API. */
  async #compareHistory() {
    const { id, rows } = this.history.newest();
    const response = await fetch(`${this.server.url}/boards/main/flights?at=${id}`);
    const { flights } = await response.json();
    const sorted = (all) => all.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
    assert.deepEqual(sorted([...rows.values()]), sorted(flights));
  }

  async restart() {
    this.server = await this.#restart();
  }
}

/** Pages turn as fast as they may, so that all of them are compared. */
function queryOf({ size, maxPages }) {
  return new URLSearchParams({ lang: "en", rows: size, pages: maxPages, turn: 3 });
}
