// Search over the numbers, places and airlines of flights.

import { type Board, type Flight, otherAirport } from "flightboard-client";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Cities } from "../cities.ts";
import type { SortedRow } from "../rows/order.ts";
import { fold, wordsOf } from "./fold.ts";

/** Between the fields of a text: no query has it, so none is found across two fields. */
const SEPARATOR = "\n";

/** The searched text of each flight, made once. A changed row is another object, so it has another text. */
export class SearchIndex {
  readonly #texts = new WeakMap<Flight, string>();

  constructor(
    private readonly kind: Board["kind"],
    private readonly cities: Cities,
  ) {}

  /** The rows with the query in one field, spaces aside; if there are none, those that have each of its words. */
  find(rows: readonly SortedRow[], query: string): readonly SortedRow[] {
    const whole = fold(query);
    if (whole === "") return rows;
    const found = rows.filter(({ flight }) => this.#textOf(flight).includes(whole));
    const words = wordsOf(query);
    if (found.length > 0 || words.length < 2) return found;
    return rows.filter(({ flight }) => words.every((word) => this.#textOf(flight).includes(word)));
  }

  #textOf(flight: Flight): string {
    let text = this.#texts.get(flight);
    if (text === undefined) {
      text = this.#fieldsOf(flight).map(fold).join(SEPARATOR);
      this.#texts.set(flight, text);
    }
    return text;
  }

  #fieldsOf(flight: Flight): string[] {
    const places = [otherAirport(flight, this.kind), ...(flight.via ?? [])];
    const named = places.flatMap((place) => (place ? [place, this.cities.get(place) ?? ""] : []));
    return [flight.flight, ...(flight.codeshares ?? []), flight.airline ?? "", ...named];
  }
}

/** The words of the search; empty without a search. */
export const QueryContext = createContext("");

/** The number under which the reader knows the flight, if that is why it was found. */
export function useSoldAs(flight: Flight): string | undefined {
  return soldAs(flight, useContext(QueryContext));
}

export function soldAs({ flight, codeshares }: Flight, query: string): string | undefined {
  if (query === "" || !codeshares?.length) return undefined;
  const number = fold(flight);
  const terms = [fold(query), ...wordsOf(query)].filter((term) => term && !number.includes(term));
  return codeshares.find((codeshare) => terms.some((term) => isPartOf(term, fold(codeshare))));
}

/** Letters alone are the airline's, at the start. */
function isPartOf(term: string, number: string): boolean {
  return /\d/.test(term) ? number.includes(term) : number.startsWith(term);
}
