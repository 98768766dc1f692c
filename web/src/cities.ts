// The cities of IATA codes: a chunk of its own, fetched when the first code is on the board.

import { createContext, useContext, useEffect, useState } from "react";
import { otherEnd, type Board, type Flight } from "./flight.ts";

export type Cities = ReadonlyMap<string, string>;

const CODE = /^[A-Z]{3}$/;

/** Empty until they are needed and there. */
export const CitiesContext = createContext<Cities>(new Map());

/** The city of an IATA code; undefined for a name in plain text, or a code nobody knows. */
export function useCity(place: string | undefined): string | undefined {
  const cities = useContext(CitiesContext);
  return place === undefined ? undefined : cities.get(place);
}

export function hasCodes(board: Board, flights: Iterable<Flight>): boolean {
  if (board.airport !== undefined) return true;
  for (const flight of flights) {
    if (
      CODE.test(otherEnd(flight, board.kind) ?? "") ||
      flight.via?.some((via) => CODE.test(via))
    ) {
      return true;
    }
  }
  return false;
}

export function useCities(wanted: boolean): Cities {
  const [cities, setCities] = useState<Cities>(() => new Map());
  useEffect(() => {
    if (!wanted) return;
    let present = true;
    loadCities()
      .then((loaded) => present && setCities(loaded))
      // The codes themselves are shown then, which is what a board without names does.
      .catch(() => undefined);
    return () => {
      present = false;
    };
  }, [wanted]);
  return cities;
}

async function loadCities(): Promise<Cities> {
  const { default: lines } = await import("virtual:city-names");
  return new Map(lines.split("\n").map((line) => [line.slice(0, 3), line.slice(4)]));
}
