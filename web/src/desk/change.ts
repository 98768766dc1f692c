// Changes of a row, and their conflicts with the changes of other people. Pure: publisher.ts sends them.

import { type Flight, type FlightKey, parseInstant } from "flightboard-client";
import { FIELDS, fieldNames, type FieldName, type Value } from "../history/fields.ts";

/** A field that feeds leave alone; `flight` stands for the whole row. */
export type HeldName = FieldName | "flight";

/** Changes of one row. */
export interface Edit {
  readonly key: FlightKey;
  readonly set: Partial<Record<FieldName, Value>>;
  /** For each field the values over which the person has decided. Any other value is a conflict. */
  readonly seen: Partial<Record<FieldName, readonly Value[]>>;
  /** True for a field that feeds are to leave alone, false to release it. */
  readonly hold: Partial<Record<HeldName, boolean>>;
}

export interface Conflict {
  readonly field: FieldName;
  readonly mine: Value;
  readonly theirs: Value;
}

/** The fields that somebody else has changed since the person saw them, to another value. */
export function conflictsOf({ set, seen }: Pick<Edit, "set" | "seen">, row: Flight): Conflict[] {
  return (Object.keys(set) as FieldName[]).flatMap((field) => {
    const theirs = row[field];
    const known = [set[field], ...(seen[field] ?? [])];
    const isKnown = known.some((value) => isSame(field, value, theirs));
    return isKnown ? [] : { field, mine: set[field], theirs };
  });
}

/**
 * The edit of a person with knowledge of their own changes `made`: the stream may bring these after they have typed over
 * an older value.
 */
export function withMade<Part extends Pick<Edit, "set" | "seen">>(
  edit: Part,
  made: Edit["set"],
): Part {
  const seen = { ...edit.seen };
  for (const field of Object.keys(edit.set) as FieldName[])
    if (field in made) seen[field] = [...(seen[field] ?? []), made[field]];
  return { ...edit, seen };
}

/** A JSON Merge Patch. */
export type Patch = Partial<Record<FieldName | "held", string | readonly string[] | null>>;

/** The patch that makes the changes; undefined if the row has them all. */
export function patchOf({ set, hold }: Pick<Edit, "set" | "hold">, row: Flight): Patch | undefined {
  const patch: Patch = {};
  for (const field of Object.keys(set) as FieldName[]) {
    if (!isSame(field, set[field], row[field])) patch[field] = set[field] ?? null;
  }
  const held = heldAfter(hold, row);
  if (held.join() !== [...(row.held ?? [])].join()) patch.held = held.length > 0 ? held : null;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The names in `held` after the changes. */
export function heldAfter(hold: Edit["hold"], row: Flight): readonly string[] {
  const before = row.held ?? [];
  const added = (Object.keys(hold) as HeldName[]).filter((name) => hold[name]);
  const kept = before.filter((name) => hold[name as HeldName] !== false);
  return [...kept, ...added.filter((name) => !kept.includes(name))];
}

/** The edit that takes `edit` back, on a row as it was before. Undefined if there was nothing to change. */
export function undoOf(edit: Edit, before: Flight): Edit | undefined {
  const patch = patchOf(edit, before);
  if (patch === undefined) return undefined;
  const set: Edit["set"] = {};
  const seen: Edit["seen"] = {};
  for (const field of fieldNames) {
    if (!(field in patch)) continue;
    set[field] = before[field];
    seen[field] = [edit.set[field]];
  }
  const hold: Edit["hold"] = {};
  for (const name of Object.keys(edit.hold) as HeldName[]) {
    const wasHeld = before.held?.includes(name) ?? false;
    if (wasHeld !== edit.hold[name]) hold[name] = wasHeld;
  }
  return { key: edit.key, set, seen, hold };
}

/** The edit that cancels a flight. It leaves the other fields alone. */
export function cancellationOf({ flight, date, leg, state }: Flight, isHeld: boolean): Edit {
  return {
    key: { flight, ...(date && { date }), ...(leg && { leg }) },
    set: { state: "cancelled" },
    seen: { state: [state] },
    hold: isHeld ? { state: true } : {},
  };
}

/** The fields in which two rows differ. */
export function differences(one: Flight, other: Flight): FieldName[] {
  return fieldNames.filter((field) => !isSame(field, one[field], other[field]));
}

/** An unset field and an empty text look alike, and so does an instant in two spellings. */
export function isSame(field: FieldName, one: Value, other: Value): boolean {
  if (FIELDS[field].type === "time") {
    const [first, second] = [one, other].map((time) => parseInstant(time as string | undefined));
    if (first !== undefined && second !== undefined) return first === second;
  }
  return JSON.stringify(one?.length ? one : "") === JSON.stringify(other?.length ? other : "");
}

export function isHeld(row: Flight, name: HeldName): boolean {
  return row.held?.includes(name) ?? false;
}
