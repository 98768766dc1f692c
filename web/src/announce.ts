// Turns changes into sentences for screen readers.

import type { Change, Field } from "./changes.ts";
import { type Board, type Flight, otherAirport } from "flightboard-client";
import { knownState } from "./states.ts";
import { clockTime, zoneOf } from "./time.ts";

/** Further changes are only counted. */
export const MAX_SENTENCES = 3;

export function announcement(changes: readonly Change[], board: Board): string {
  const sentences = changes.map((change) => sentence(change, board)).filter(Boolean);
  const told = sentences.slice(0, MAX_SENTENCES);
  const rest = sentences.length - told.length;
  if (rest > 0) told.push(rest === 1 ? "1 more change" : `${rest} more changes`);
  return told.join(". ");
}

function sentence({ kind, flight, fields }: Change, board: Board): string {
  const place = otherAirport(flight, board.kind);
  if (kind === "added") return `${flight.flight}${place ? ` ${place}` : ""} added`;
  if (kind === "removed") return `${flight.flight} removed`;
  const parts = [...fields].map((field) => words(field, flight, board)).filter(Boolean);
  return parts.length === 0 ? "" : `${flight.flight} ${parts.join(", ")}`;
}

/** Only fields that a traveller acts on are announced. */
function words(field: Field, flight: Flight, board: Board): string {
  const value = flight[field];
  if (typeof value !== "string" || value === "") return "";
  switch (field) {
    case "state":
      return knownState(value) ?? value;
    case "estimated":
      return `expected ${clockTime(value, zoneOf(board))}`;
    case "gate":
    case "terminal":
    case "belt":
      return `${field} ${value}`;
    default:
      return "";
  }
}
