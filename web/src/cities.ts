// The names of places by IATA code. The server has them: a page requests only those of its board, each once.

import { createContext } from "preact";
import { useSyncExternalStore } from "preact/compat";
import { useContext, useEffect, useState } from "preact/hooks";
import { backoff, type Board, type Clock, type Flight, otherAirport } from "flightboard-client";

export type Cities = ReadonlyMap<string, string>;

/** The part of the page's environment that the names need. */
export interface CitySource {
  readonly clock: Clock;
  random(): number;
  /** Names that need no request. */
  readonly firstPlaces?: Cities;
  /** The names of those codes that the server knows. */
  fetchPlaces(codes: readonly string[]): Promise<Cities>;
}

const CODE = /^[A-Z]{3}$/;

/** Codes in a request: the server takes no more. */
export const MAX_CODES = 500;

/** Those of other places than the first ones are there once they are loaded. */
export const CitiesContext = createContext<Cities>(new Map());

/** The city of an IATA code; undefined for a plain name or an unknown code. */
export function useCity(place: string | undefined): string | undefined {
  const cities = useContext(CitiesContext);
  return place === undefined ? undefined : cities.get(place);
}

/** The names of a board's places. Without them the board shows the codes. */
export function useCities(
  board: Board | null,
  flights: ReadonlyMap<string, Flight>,
  source: CitySource,
): Cities {
  const [names] = useState(() => new CityNames(source));
  useEffect(() => {
    if (board !== null) names.want(codesOf(board, flights.values()));
  }, [names, board, flights]);
  useEffect(() => () => names.dispose(), [names]);
  return useSyncExternalStore(names.subscribe, names.cities);
}

export class CityNames {
  #cities: Cities;
  /** Those that the server does not know are among them. */
  readonly #answered: Set<string>;
  #wanted = new Set<string>();
  #isRequesting = false;
  /** Failed requests that follow each other. */
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #listeners = new Set<() => void>();

  constructor(private readonly source: CitySource) {
    this.#cities = source.firstPlaces ?? new Map();
    this.#answered = new Set(this.#cities.keys());
  }

  readonly cities = (): Cities => this.#cities;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  want(codes: Iterable<string>): void {
    for (const code of codes) if (!this.#answered.has(code)) this.#wanted.add(code);
    void this.#request();
  }

  dispose(): void {
    this.#cancelRetry?.();
    this.#wanted.clear();
  }

  /** One request at a time. A screen may have started while the network was away, so it tries again without end. */
  async #request(): Promise<void> {
    if (this.#isRequesting || this.#wanted.size === 0) return;
    this.#isRequesting = true;
    // In their order, so that all screens of a board share the answer in a cache.
    const codes = [...this.#wanted].slice(0, MAX_CODES).sort();
    try {
      const found = await this.source.fetchPlaces(codes);
      this.#failures = 0;
      this.#add(codes, found);
      this.#requestAgain();
    } catch {
      const wait = backoff(this.#failures, this.source.random());
      this.#failures += 1;
      this.#cancelRetry = this.source.clock.after(wait, () => this.#requestAgain());
    }
  }

  #requestAgain(): void {
    this.#isRequesting = false;
    void this.#request();
  }

  #add(codes: readonly string[], found: Cities): void {
    for (const code of codes) {
      this.#wanted.delete(code);
      this.#answered.add(code);
    }
    if (found.size === 0) return;
    this.#cities = new Map([...this.#cities, ...found]);
    for (const listener of this.#listeners) listener();
  }
}

export function codesOf(board: Board, flights: Iterable<Flight>): Set<string> {
  const codes = new Set<string>();
  const add = (place: string | undefined) => {
    if (place !== undefined && CODE.test(place)) codes.add(place);
  };
  add(board.airport);
  for (const flight of flights) {
    add(otherAirport(flight, board.kind));
    flight.via?.forEach(add);
  }
  return codes;
}
