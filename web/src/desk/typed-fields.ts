// The values that a person types, by the rules that the server has for them.

import type { Board, Flight } from "flightboard-client";
import {
  FIELDS,
  fieldNames,
  type FieldContext,
  type FieldName,
  type Value,
} from "../history/fields.ts";
import { knownState, stateNames } from "../states.ts";
import { parseTime, type TimeReason } from "./typed-time.ts";

export const MAX_NUMBER_LENGTH = 16;

/** Why a value cannot be published. */
export type Reason =
  | TimeReason
  | { reason: "tooLong"; max: number }
  | { reason: "tooMany"; max: number }
  | { reason: "control" }
  | { reason: "number" }
  | { reason: "leg" }
  | { reason: "date" };

export interface EditorFields {
  /** Those that change in the hours before a movement. */
  readonly usual: readonly FieldName[];
  readonly more: readonly FieldName[];
}

export function editorFields(kind: Board["kind"]): EditorFields {
  const usual: FieldName[] =
    kind === "departures"
      ? ["state", "gate", "estimated", "actual", "remark", "terminal", "checkIn"]
      : ["state", "belt", "estimated", "actual", "remark", "terminal", "gate"];
  const first: FieldName[] =
    kind === "departures" ? ["departure", "destination"] : ["arrival", "origin"];
  const more = [...first, ...fieldNames.filter((name) => !first.includes(name))];
  return { usual, more: more.filter((name) => !usual.includes(name)) };
}

export type Parsed = { value: Value } | Reason;

/** The value that a typed text means; an empty one clears the field. `flight` is the rest of its row. */
export function parseField(
  field: FieldName,
  typed: string,
  flight: Flight,
  context: FieldContext,
): Parsed {
  const text = typed.trim();
  if (text === "") return { value: undefined };
  const type = FIELDS[field];
  if (type.type === "time") {
    const time = parseTime(text, field as "estimated", flight, context);
    return "reason" in time ? time : { value: time.text };
  }
  if (type.type === "list") {
    const items = text.split(/[,;/]/).flatMap((item) => item.trim() || []);
    if (items.length > type.items) return { reason: "tooMany", max: type.items };
    return items.map((item) => checkText(item, type.max)).find((one) => one) ?? { value: items };
  }
  return checkText(text, type.max) ?? { value: field === "state" ? stateOf(text, context) : text };
}

/** Of the key of a new row. */
export function parseNumber(typed: string): { value: string } | Reason {
  const value = typed.trim();
  const isNumber = /^[\p{L}\p{N}]+([-._ ]+[\p{L}\p{N}]+)*$/u.test(value);
  if (!isNumber) return { reason: "number" };
  return checkText(value, MAX_NUMBER_LENGTH) ?? { value };
}

export function parseDate(typed: string): { value: string | undefined } | Reason {
  const text = typed.trim();
  if (text === "") return { value: undefined };
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text);
  return isDate ? { value: text } : { reason: "date" };
}

export function parseLeg(typed: string): { value: string | undefined } | Reason {
  const text = typed.trim();
  if (text === "") return { value: undefined };
  if (!/^[\p{L}\p{N}\-._:]+$/u.test(text)) return { reason: "leg" };
  return checkText(text, MAX_NUMBER_LENGTH) ?? { value: text };
}

/** Known states are published by their names in every language of the desk. */
function stateOf(text: string, { language }: FieldContext): string {
  const folded = text.toLocaleLowerCase(language.tag);
  const isNamed = (name: (typeof stateNames)[number]) =>
    language.states[name].toLocaleLowerCase(language.tag) === folded;
  return knownState(text) ?? stateNames.find(isNamed) ?? text;
}

/** A line of text, counted as the server counts it. */
function checkText(text: string, max: number): Reason | undefined {
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text)) return { reason: "control" };
  return [...text].length > max ? { reason: "tooLong", max } : undefined;
}

function isDay(text: string): boolean {
  const instant = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}
