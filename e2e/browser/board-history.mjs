// Every version of a board's rows, as a follower of its stream has them. This fold is not the page's own.

import { setTimeout as pause } from "node:timers/promises";
import { events } from "./event-stream.mjs";

/** Versions that a screen could still show. */
const MAX_VERSIONS = 5_000;
const RETRY_MILLIS = 200;

export class BoardHistory {
  /** From old to new, each with its `id`, its `rows`, and when it `came`, in milliseconds. */
  versions = [];
  /** The number of versions that are not kept any more. */
  forgotten = 0;
  /** The number of events, without heartbeats. */
  events = 0;
  #stopped = new AbortController();

  /** Follows the board at this URL through every restart of its server. */
  static follow(test, url) {
    const history = new BoardHistory();
    const end = history.#follow(`${url}/events`);
    test.after(() => {
      history.#stopped.abort();
      return end;
    });
    return history;
  }

  newest() {
    return this.versions.at(-1);
  }

  /** The number of the newest version, which no later version gets. */
  newestNumber() {
    return this.forgotten + this.versions.length - 1;
  }

  /** The versions from this number on. */
  since(number) {
    return this.versions.slice(Math.max(0, number - this.forgotten));
  }

  /** The newest id: of this history, unless another follower has got a later one. */
  headAfter(id) {
    return this.versions.some((version) => version.id === id) ? this.newest().id : id;
  }

  async #follow(url) {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#read(url, signal).catch(() => {});
      await pause(RETRY_MILLIS, undefined, { signal }).catch(() => {});
    }
  }

  async #read(url, signal) {
    const last = this.newest()?.id;
    const headers = last === undefined ? {} : { "Last-Event-ID": last };
    const { body } = await fetch(url, { headers, signal });
    for await (const event of events(body.pipeThrough(new TextDecoderStream()))) this.#take(event);
  }

  #take(event) {
    const field = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(event)?.[1];
    const id = field("id");
    if (id === undefined) return;
    this.events += 1;
    const data = JSON.parse(field("data"));
    const rows = changedRows(this.newest()?.rows ?? new Map(), field("event"), data);
    this.versions.push({ id, rows, came: Date.now() });
    if (this.versions.length > MAX_VERSIONS) {
      this.versions.shift();
      this.forgotten += 1;
    }
  }
}

const keyOf = ({ flight, date, leg }) => [flight, date, leg].join("/");

function changedRows(before, name, data) {
  const rows = new Map(before);
  switch (name) {
    case "timetable":
      return new Map(data.flights.map((row) => [keyOf(row), row]));
    case "flightAddition":
      return rows.set(keyOf(data), data);
    case "flightStateUpdate":
      return rows.set(keyOf(data), merged(rows.get(keyOf(data)), data));
    case "flightRemoval":
      rows.delete(keyOf(data));
      return rows;
    default:
      return before;
  }
}

/** JSON Merge Patch (RFC 7396) of a row, whose fields are not objects. */
function merged(row, changes) {
  const entries = Object.entries({ ...row, ...changes });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}
