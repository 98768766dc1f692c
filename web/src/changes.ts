// What became different between two timetables, for the eye (marks) and for the ear (announcer).

import type { Flight } from "./flight.ts";
import type { Timetable } from "./timetable.ts";

export type Field = keyof Flight;

export interface Change {
  readonly kind: "added" | "changed" | "removed";
  readonly key: string;
  readonly flight: Flight;
  /** Which fields differ; none where the whole row came or went. */
  readonly fields: ReadonlySet<Field>;
}

/** The first timetable is no news of any flight, nor is the end of the board. */
export function changesBetween(before: Timetable, after: Timetable): Change[] {
  if (before.board === null || after.closed !== null) return [];
  if (before.flights === after.flights) return [];
  const changes: Change[] = [];
  for (const [key, flight] of after.flights) {
    const old = before.flights.get(key);
    if (old === flight) continue;
    const fields = old ? differing(old, flight) : new Set<Field>();
    if (!old) changes.push({ kind: "added", key, flight, fields });
    else if (fields.size > 0) changes.push({ kind: "changed", key, flight, fields });
  }
  for (const [key, flight] of before.flights) {
    if (!after.flights.has(key)) changes.push({ kind: "removed", key, flight, fields: new Set() });
  }
  return changes;
}

/** The newest change of a row; `turn` grows with each, so that the same mark can be shown again. */
export interface Mark {
  readonly turn: number;
  readonly kind: "added" | "changed";
  readonly fields: ReadonlySet<Field>;
}

export type Marks = ReadonlyMap<string, Mark>;

/** The marks after some changes. There is at most one a row, and none for a row that is gone. */
export function marked(marks: Marks, changes: readonly Change[]): Marks {
  if (changes.length === 0) return marks;
  const next = new Map(marks);
  for (const { kind, key, fields } of changes) {
    if (kind === "removed") next.delete(key);
    else next.set(key, { turn: (marks.get(key)?.turn ?? 0) + 1, kind, fields });
  }
  return next;
}

function differing(old: Flight, flight: Flight): Set<Field> {
  const fields = new Set([...Object.keys(old), ...Object.keys(flight)] as Field[]);
  for (const field of fields) {
    // Some fields are lists of text.
    if (JSON.stringify(old[field]) === JSON.stringify(flight[field])) fields.delete(field);
  }
  return fields;
}
