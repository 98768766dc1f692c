// Differences between two timetables, for highlights and for screen reader announcements.

import type { Flight, RowChange } from "flightboard-client";
import { knownState } from "./states.ts";

export type Field = keyof Flight;

export interface Change {
  readonly kind: "added" | "changed" | "removed";
  readonly key: string;
  readonly flight: Flight;
  /** The fields that differ; empty when the whole row was added or removed. */
  readonly fields: ReadonlySet<Field>;
}

/** The changes that a reader sees. */
export function shownChanges(rows: readonly RowChange[]): Change[] {
  return rows.flatMap(({ key, before, after }) => {
    const flight = after ?? before;
    if (flight === undefined) return [];
    if (after === undefined) return { kind: "removed", key, flight, fields: new Set<Field>() };
    if (before === undefined) return { kind: "added", key, flight, fields: new Set<Field>() };
    const fields = changedFields(before, after);
    return fields.size > 0 ? { kind: "changed", key, flight, fields } : [];
  });
}

/** The newest change of a row. `turn` grows with each change, so that the animation can be restarted. */
export interface Highlight {
  readonly turn: number;
  readonly kind: "added" | "changed";
  readonly fields: ReadonlySet<Field>;
}

export type Highlights = ReadonlyMap<string, Highlight>;

/** Applies changes to the highlights: at most one per row, none for a removed row. */
export function updateHighlights(highlights: Highlights, changes: readonly Change[]): Highlights {
  if (changes.length === 0) return highlights;
  const next = new Map(highlights);
  for (const { kind, key, fields } of changes) {
    if (kind === "removed") next.delete(key);
    else next.set(key, { turn: (highlights.get(key)?.turn ?? 0) + 1, kind, fields });
  }
  return next;
}

/** No news are the instants, which the server computes, and which fields feeds leave alone. */
function changedFields(old: Flight, flight: Flight): Set<Field> {
  const names = [...Object.keys(old), ...Object.keys(flight)] as Field[];
  const fields = new Set(names.filter((name) => !name.endsWith("Instant") && name !== "held"));
  for (const field of fields) {
    if (shownValue(old, field) === shownValue(flight, field)) fields.delete(field);
  }
  return fields;
}

/** Two spellings of a known state look alike. Some fields are arrays. */
function shownValue(flight: Flight, field: Field): string | undefined {
  const value = flight[field];
  return (field === "state" && knownState(flight.state)) || JSON.stringify(value);
}
