// Turns changes into sentences for screen readers.

import type { Change, Field } from "./changes.ts";
import type { Cities } from "./cities.ts";
import { type Board, type Flight, otherAirport } from "flightboard-client";
import type { Language } from "./language/language.ts";
import { knownState, type StateName } from "./states.ts";
import { clockTime, zoneOf } from "./time.ts";

/** Further changes are only counted. */
export const MAX_SENTENCES = 3;

export interface AnnouncementContext {
  readonly board: Board;
  readonly language: Language;
  readonly cities: Cities;
  /** The keys of the flights that the reader follows. */
  readonly followed: ReadonlySet<string>;
}

/** States on which a traveller acts at once. */
const CALLS = new Set<StateName | undefined>([
  "gate open",
  "boarding",
  "final call",
  "gate closed",
  "cancelled",
  "diverted",
]);

export function announcement(changes: readonly Change[], context: AnnouncementContext): string {
  const urgency = (change: Change) => urgencyOf(change, context);
  const sentences = [...changes]
    .sort((one, other) => urgency(one) - urgency(other))
    .map((change) => sentence(change, context))
    .filter(Boolean);
  const told = sentences.slice(0, MAX_SENTENCES);
  const rest = sentences.length - told.length;
  if (rest > 0) told.push(context.language.announced.more(rest));
  return told.join(". ");
}

/** Both changes of a row as one: a gate is news also if the row has changed again since. */
export function mergeChanges(before: Change | undefined, after: Change): Change {
  if (before === undefined || after.kind !== "changed") return after;
  if (before.kind === "added") return { ...after, kind: "added", fields: before.fields };
  return { ...after, fields: new Set([...before.fields, ...after.fields]) };
}

/** The least first: the flights of the reader, then calls, gates and cancellations. */
function urgencyOf({ kind, key, flight, fields }: Change, { followed }: AnnouncementContext) {
  if (followed.has(key)) return 0;
  if (kind === "removed") return 4;
  if (kind === "added") return 3;
  const isCall = fields.has("state") && CALLS.has(knownState(flight.state));
  return isCall || fields.has("gate") || fields.has("belt") ? 1 : 2;
}

function sentence({ kind, flight, fields }: Change, context: AnnouncementContext): string {
  const { announced, joined } = context.language;
  const name = nameOf(flight, context);
  if (kind === "added") return announced.added(name);
  if (kind === "removed") return announced.removed(name);
  const parts = [...fields].map((field) => words(field, flight, context)).filter(Boolean);
  return parts.length === 0 ? "" : announced.changed(name, parts.reduce(joined));
}

function nameOf(flight: Flight, { board, language, cities }: AnnouncementContext): string {
  const place = otherAirport(flight, board.kind);
  if (!place) return flight.flight;
  const to = board.kind === "arrivals" ? language.fromPlace : language.toPlace;
  return `${flight.flight} ${to(cities.get(place) ?? place)}`;
}

/** Only fields that a traveller acts on are announced. */
function words(field: Field, flight: Flight, { board, language }: AnnouncementContext): string {
  const value = flight[field];
  if (typeof value !== "string" || value === "") return "";
  const { announced, columns, states } = language;
  switch (field) {
    case "state": {
      const state = knownState(value);
      return state === undefined ? value : states[state];
    }
    case "estimated":
      return announced.expected(clockTime(value, zoneOf(board)));
    case "gate":
    case "terminal":
    case "belt":
    case "checkIn":
      return announced.value(columns[field], value);
    case "remark":
      return value;
    default:
      return "";
  }
}
