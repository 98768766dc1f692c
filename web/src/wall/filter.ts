// The flights of a wall: all of a board, or those of some terminals, airlines or gates.

import type { Flight } from "flightboard-client";

/** Folded values; undefined for all. */
export interface RowFilter {
  readonly terminal: ReadonlySet<string> | undefined;
  readonly airline: ReadonlySet<string> | undefined;
  readonly gate: ReadonlySet<string> | undefined;
}

export function filterOf(parameters: URLSearchParams): RowFilter {
  const values = (name: string) => {
    const list = parameters.getAll(name).flatMap((text) => text.split(","));
    const some = new Set(list.map(folded).filter((value) => value !== ""));
    return some.size > 0 ? some : undefined;
  };
  return { terminal: values("terminal"), airline: values("airline"), gate: values("gate") };
}

export function passes(flight: Flight, { terminal, airline, gate }: RowFilter): boolean {
  return (
    (terminal === undefined || terminal.has(folded(flight.terminal))) &&
    (gate === undefined || gate.has(folded(flight.gate))) &&
    (airline === undefined || isOf(flight, airline))
  );
}

/** Equal for spellings that look alike. */
export function folded(text = ""): string {
  return text.replace(/\s+/g, "").toLowerCase();
}

/** An airline is named, or is the designator of the flight's number. */
function isOf({ airline, flight }: Flight, airlines: ReadonlySet<string>): boolean {
  if (airlines.has(folded(airline))) return true;
  const designator = /^([a-z]{3}|[a-z0-9]{2})\d/.exec(folded(flight))?.[1];
  return designator !== undefined && airlines.has(designator);
}
