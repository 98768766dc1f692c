// Labels that tell apart the boards of a list.

import type { ListedBoard } from "flightboard-client";

/** For each board whose title another one has too, by name: its airport if these differ, else its name. */
export function qualifiersOf(boards: readonly ListedBoard[]): ReadonlyMap<string, string> {
  const byTitle = new Map<string, ListedBoard[]>();
  for (const board of boards) {
    const title = folded(board.title);
    byTitle.set(title, [...(byTitle.get(title) ?? []), board]);
  }
  const qualifiers = new Map<string, string>();
  for (const namesakes of byTitle.values()) {
    if (namesakes.length === 1) continue;
    const airports = new Set(namesakes.map(({ airport }) => folded(airport ?? "")));
    const airportsDiffer = airports.size === namesakes.length;
    for (const { name, airport } of namesakes) {
      qualifiers.set(name, (airportsDiffer && airport) || name);
    }
  }
  return qualifiers;
}

/** Equal for texts that look alike: letter case, spaces and invisible characters tell a reader nothing. */
function folded(text: string): string {
  const visible = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  return visible.replace(/\s+/g, " ").trim().toLowerCase();
}
