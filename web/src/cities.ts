// City names by IATA code, in a separate chunk that is fetched when the first code appears on the board.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { type Board, type Flight, otherAirport } from "flightboard-client";

export type Cities = ReadonlyMap<string, string>;

const CODE = /^[A-Z]{3}$/;

/** Empty until loaded. */
export const CitiesContext = createContext<Cities>(new Map());

/** The city of an IATA code; undefined for a plain name or an unknown code. */
export function useCity(place: string | undefined): string | undefined {
  const cities = useContext(CitiesContext);
  return place === undefined ? undefined : cities.get(place);
}

export function hasCodes(board: Board, flights: Iterable<Flight>): boolean {
  if (board.airport !== undefined) return true;
  for (const flight of flights) {
    if (
      CODE.test(otherAirport(flight, board.kind) ?? "") ||
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
      // Without the names the board shows the codes.
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
