// Typed values that are not published yet.

import type { Flight, FlightKey } from "flightboard-client";
import {
  fieldNames,
  fieldText,
  type FieldContext,
  type FieldName,
  type Value,
} from "../history/fields.ts";
import {
  conflictsOf,
  isHeld,
  withMade,
  type Conflict,
  type Edit,
  type HeldName,
} from "./change.ts";
import { parseDate, parseField, parseLeg, parseNumber, type Reason } from "./typed-fields.ts";

export interface TypedField {
  readonly text: string;
  /** The values over which the person typed. */
  readonly seen: readonly Value[];
}

export interface Draft {
  /** As the row was when the draft began. */
  readonly row: Flight;
  readonly fields: Partial<Readonly<Record<FieldName, TypedField>>>;
  /** The locks that the person has turned. */
  readonly hold: Edit["hold"];
  /** A row that the server has answered before the stream brought it, in place of the row `over`. */
  readonly newest?: { readonly row: Flight; readonly over: Flight };
}

export type Errors = Partial<Record<FieldName, Reason>>;

export function newDraft(row: Flight): Draft {
  return { row, fields: {}, hold: {} };
}

export function isEmpty({ fields, hold }: Draft): boolean {
  return Object.keys(fields).length === 0 && Object.keys(hold).length === 0;
}

/** A field with the text of its row is not changed. */
export function typeField(
  draft: Draft,
  field: FieldName,
  text: string,
  row: Flight,
  context: FieldContext,
): Draft {
  const { [field]: before, ...others } = draft.fields;
  if (text === fieldText(field, row, context)) return { ...draft, fields: others };
  const typed = { text, seen: before?.seen ?? [row[field]] };
  return { ...draft, fields: { ...draft.fields, [field]: typed } };
}

export function dropField(draft: Draft, name: HeldName): Draft {
  const fields = { ...draft.fields };
  const hold = { ...draft.hold };
  if (name !== "flight") delete fields[name];
  delete hold[name];
  return { ...draft, fields, hold };
}

/** The row as the server has it, as far as this page knows: `row` is that of the stream. */
export function newestRow(draft: Draft | undefined, row: Flight): Flight {
  return draft?.newest?.over === row ? draft.newest.row : row;
}

/** The person has seen the other value, and still wants their own. */
export function acceptTheirs(draft: Draft, field: FieldName, theirs: Value): Draft {
  const typed = draft.fields[field];
  if (typed === undefined) return draft;
  const seen = [...typed.seen, theirs];
  return { ...draft, fields: { ...draft.fields, [field]: { ...typed, seen } } };
}

export function turnLock(
  draft: Draft,
  name: HeldName,
  row: Flight,
  holdsByDefault: boolean,
): Draft {
  const wanted = !isLocked(draft, name, row, holdsByDefault);
  const { [name]: _before, ...hold } = draft.hold;
  const unturned = isLocked({ ...draft, hold }, name, row, holdsByDefault);
  return { ...draft, hold: wanted === unturned ? hold : { ...hold, [name]: wanted } };
}

/** True if feeds leave the field alone once the draft is published. */
export function isLocked(
  draft: Draft | undefined,
  name: HeldName,
  row: Flight,
  holdsByDefault: boolean,
): boolean {
  const isChanged = name !== "flight" && draft?.fields[name] !== undefined;
  return draft?.hold[name] ?? ((holdsByDefault && isChanged) || isHeld(row, name));
}

/** The edit of a draft, or the reasons why it has none. */
export function editOf(
  draft: Draft,
  row: Flight,
  holdsByDefault: boolean,
  context: FieldContext,
): { edit: Edit } | { errors: Errors } {
  const { flight, date, leg } = draft.row;
  const key: FlightKey = { flight, ...(date && { date }), ...(leg && { leg }) };
  const set: Edit["set"] = {};
  const seen: Edit["seen"] = {};
  const hold: Edit["hold"] = { ...draft.hold };
  const errors: Errors = {};
  for (const field of fieldNames) {
    const typed = draft.fields[field];
    if (typed === undefined) continue;
    const parsed = parseField(field, typed.text, withTyped(draft, field, row, context), context);
    if ("reason" in parsed) errors[field] = parsed;
    else {
      set[field] = parsed.value;
      seen[field] = typed.seen;
      if (isLocked(draft, field, row, holdsByDefault)) hold[field] ??= true;
    }
  }
  return Object.keys(errors).length > 0 ? { errors } : { edit: { key, set, seen, hold } };
}

/** The conflicts of the fields that can be read, by the newest row that is known, with what this desk has made. */
export function draftConflicts(
  draft: Draft,
  row: Flight,
  made: Edit["set"],
  context: FieldContext,
): Conflict[] {
  const set: Edit["set"] = {};
  const seen: Edit["seen"] = {};
  for (const field of fieldNames) {
    const typed = draft.fields[field];
    const parsed = typed && parseField(field, typed.text, row, context);
    if (typed === undefined) continue;
    set[field] = parsed && "value" in parsed ? parsed.value : typed.text;
    seen[field] = typed.seen;
  }
  return conflictsOf(withMade({ set, seen }, made), row);
}

/** A row with the scheduled times that the draft has, from which its other times count. */
export function withTyped(
  draft: Draft,
  except: FieldName,
  row: Flight,
  context: FieldContext,
): Flight {
  let result = row;
  for (const field of ["departure", "arrival"] as const) {
    const typed = draft.fields[field];
    if (typed === undefined || field === except) continue;
    const parsed = parseField(field, typed.text, row, context);
    if ("value" in parsed) result = { ...result, [field]: parsed.value as string };
  }
  return result;
}

/** The typed values of a flight that is not on the board yet. */
export interface Addition extends Draft {
  readonly number: string;
  readonly date: string;
  readonly leg: string;
}

export type AdditionErrors = Errors & Partial<Record<"number" | "date" | "leg", Reason>>;

export function newAddition(date: string): Addition {
  return { number: "", date, leg: "", ...newDraft({ flight: "", date }) };
}

/** The row to add. Feeds leave the whole of it alone if `isHeld`. */
export function rowOf(
  addition: Addition,
  isHeldWhole: boolean,
  context: FieldContext,
): { row: Flight } | { errors: AdditionErrors } {
  const number = parseNumber(addition.number);
  const date = parseDate(addition.date);
  const leg = parseLeg(addition.leg);
  const errors: AdditionErrors = {
    ...("reason" in number && { number }),
    ...("reason" in date && { date }),
    ...("reason" in leg && { leg }),
  };
  const key: Flight = {
    flight: "value" in number ? number.value : "",
    ...("value" in date && date.value !== undefined && { date: date.value }),
    ...("value" in leg && leg.value !== undefined && { leg: leg.value }),
  };
  const edit = editOf({ ...addition, row: key }, key, false, context);
  if ("errors" in edit) Object.assign(errors, edit.errors);
  if (Object.keys(errors).length > 0 || !("edit" in edit)) return { errors };
  const values = Object.entries(edit.edit.set).filter(([, value]) => value !== undefined);
  const held = isHeldWhole ? { held: ["flight"] } : {};
  return { row: { ...key, ...Object.fromEntries(values), ...held } };
}
