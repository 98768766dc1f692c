// Turns changes into sentences for screen readers.

import type { Change, Field } from "./changes.ts";
import { type Board, type Flight, otherAirport } from "flightboard-client";
import type { Language } from "./language/language.ts";
import { knownState } from "./states.ts";
import { clockTime, zoneOf } from "./time.ts";

/** Further changes are only counted. */
export const MAX_SENTENCES = 3;

export function announcement(changes: readonly Change[], board: Board, language: Language): string {
  const sentences = changes.map((change) => sentence(change, board, language)).filter(Boolean);
  const told = sentences.slice(0, MAX_SENTENCES);
  const rest = sentences.length - told.length;
  if (rest > 0) told.push(language.announced.more(rest));
  return told.join(". ");
}

function sentence({ kind, flight, fields }: Change, board: Board, language: Language): string {
  const { announced } = language;
  const place = otherAirport(flight, board.kind);
  if (kind === "added") {
    return announced.added(place ? announced.flightOf(flight.flight, place) : flight.flight);
  }
  if (kind === "removed") return announced.removed(flight.flight);
  const parts = [...fields].map((field) => words(field, flight, board, language)).filter(Boolean);
  if (parts.length === 0) return "";
  return announced.changed(flight.flight, parts.reduce(language.joined));
}

/** Only fields that a traveller acts on are announced. */
function words(field: Field, flight: Flight, board: Board, language: Language): string {
  const value = flight[field];
  if (typeof value !== "string" || value === "") return "";
  const { announced, states } = language;
  switch (field) {
    case "state": {
      const state = knownState(value);
      return state === undefined ? value : states[state].toLowerCase();
    }
    case "estimated":
      return announced.expected(clockTime(value, zoneOf(board)));
    case "gate":
    case "terminal":
    case "belt":
      return announced[field](value);
    default:
      return "";
  }
}
