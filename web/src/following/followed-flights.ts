// The flights that a reader follows on one board. They are kept in the browser, with the last announcement of each, so
// that a change is announced once: not again after a reconnect, a reload, or in another tab.

import { isObject, keyOf, type Board, type Flight, type FlightKey } from "flightboard-client";
import type { SortedRow } from "../rows/order.ts";
import { knownState } from "../states.ts";
import { timesOf } from "../rows/times.ts";

/** The flight that was followed first makes room for another one. */
export const MAX_FOLLOWED = 20;

/** A smaller change of time is on the card, but is no reason to call a reader. */
export const TOLD_MINUTES = 15;

const DAY = 24 * 3_600_000;

interface FollowedFlight extends FlightKey {
  /** The instant from which the flight is over. */
  readonly until: number;
  readonly told: Told;
}

/** The state last announced to the reader. */
interface Told {
  readonly state: string;
  /** The gate, or the belt on a board of arrivals. */
  readonly way: string;
  /** Milliseconds of the expected movement; null without one. */
  readonly time: number | null;
}

export class FollowedFlights {
  #flights: readonly FollowedFlight[];
  #keys: ReadonlySet<string>;
  readonly #listeners = new Set<() => void>();

  /** Without the storage, which a browser may deny, flights are followed until the page is closed. */
  constructor(
    private readonly name: string,
    private readonly storage: () => Storage,
  ) {
    this.#flights = this.#read() ?? [];
    this.#keys = keysOf(this.#flights);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same set until a flight is followed or is followed no longer. */
  readonly keys = (): ReadonlySet<string> => this.#keys;

  /** Another tab has changed the storage. */
  readonly refresh = (): void => {
    const stored = this.#read();
    if (stored !== undefined) this.#set(stored);
  };

  follow(row: SortedRow, board: Board, now: number): void {
    this.refresh();
    const others = this.#flights.filter((followed) => keyOf(followed) !== row.key);
    const { flight, date, leg } = row.flight;
    const key = { flight, ...(date !== undefined && { date }), ...(leg !== undefined && { leg }) };
    const followed = { ...key, until: endOf(row, now), told: toldOf(row.flight, board) };
    this.#write([...others, followed].slice(-MAX_FOLLOWED));
  }

  unfollow(key: string): void {
    this.refresh();
    this.#write(this.#flights.filter((followed) => keyOf(followed) !== key));
  }

  /** Forgets the flights that are over, and returns those of whose change the reader has not been told. */
  update(rows: ReadonlyMap<string, SortedRow>, board: Board, now: number): SortedRow[] {
    if (this.#flights.length === 0) return [];
    // Another tab may have told it in the meantime.
    this.refresh();
    const news: SortedRow[] = [];
    const kept = this.#flights.flatMap((followed) => {
      const row = rows.get(keyOf(followed));
      const until = row === undefined ? followed.until : endOf(row, now);
      const told = toldOf(row?.flight, board) ?? followed.told;
      const isNews = row !== undefined && differs(followed.told, told);
      if (isNews) news.push(row);
      if (until <= now) return [];
      if (until === followed.until && !isNews) return followed;
      return { ...followed, until, told: isNews ? told : followed.told };
    });
    const isChanged =
      kept.length !== this.#flights.length || kept.some((one, at) => one !== this.#flights[at]);
    if (isChanged) this.#write(kept);
    return news;
  }

  #write(flights: readonly FollowedFlight[]): void {
    this.#set(flights);
    try {
      if (flights.length === 0) this.storage().removeItem(this.name);
      else this.storage().setItem(this.name, JSON.stringify(flights));
    } catch {
      // Denied or full.
    }
  }

  #set(flights: readonly FollowedFlight[]): void {
    this.#flights = flights;
    const keys = keysOf(flights);
    if (keys.size === this.#keys.size && [...keys].every((key) => this.#keys.has(key))) return;
    this.#keys = keys;
    for (const listener of this.#listeners) listener();
  }

  /** Undefined if the storage is denied, or has something else. */
  #read(): readonly FollowedFlight[] | undefined {
    try {
      const stored: unknown = JSON.parse(this.storage().getItem(this.name) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isFollowed).slice(-MAX_FOLLOWED) : undefined;
    } catch {
      return undefined;
    }
  }
}

function keysOf(flights: readonly FollowedFlight[]): ReadonlySet<string> {
  return new Set(flights.map(keyOf));
}

/** A flight without a time is forgotten a day after the reader has last seen it. */
function endOf({ overAt }: SortedRow, now: number): number {
  return overAt === Infinity ? now + DAY : overAt;
}

function toldOf(flight: Flight, board: Board): Told;
function toldOf(flight: Flight | undefined, board: Board): Told | undefined;
function toldOf(flight: Flight | undefined, board: Board): Told | undefined {
  if (flight === undefined) return undefined;
  const { state = "" } = flight;
  const way = board.kind === "arrivals" ? flight.belt : flight.gate;
  return {
    state: knownState(state) ?? state,
    way: way ?? "",
    time: timesOf(flight, board).expected ?? null,
  };
}

function differs(before: Told, after: Told): boolean {
  if (before.state !== after.state || before.way !== after.way) return true;
  if (before.time === null || after.time === null) return before.time !== after.time;
  return Math.abs(after.time - before.time) >= TOLD_MINUTES * 60_000;
}

/** What an older version of the page, or a reader, may have stored is ignored. */
function isFollowed(stored: unknown): stored is FollowedFlight {
  return (
    isObject(stored) &&
    typeof stored.flight === "string" &&
    ["string", "undefined"].includes(typeof stored.date) &&
    ["string", "undefined"].includes(typeof stored.leg) &&
    typeof stored.until === "number" &&
    isObject(stored.told) &&
    typeof stored.told.state === "string" &&
    typeof stored.told.way === "string" &&
    (stored.told.time === null || typeof stored.told.time === "number")
  );
}
