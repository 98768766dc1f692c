// The fields of a row that a person changes, with the limits that the server has for them.

import type { Board, Flight } from "flightboard-client";
import type { Language } from "../language/language.ts";
import { knownState, stateNames } from "../states.ts";
import { dayOffset, instantOf, clockText, zoneOf } from "../time.ts";
import { parseTime, type TimeReason } from "./typed-time.ts";

export type FieldName = Exclude<
  keyof Flight,
  | "flight"
  | "date"
  | "leg"
  | "held"
  | "arrivalInstant"
  | "departureInstant"
  | "estimatedInstant"
  | "actualInstant"
>;

/** An unset field is undefined. */
export type Value = string | readonly string[] | undefined;

type FieldType =
  { type: "text"; max: number } | { type: "list"; items: number; max: number } | { type: "time" };

export const FIELDS: Readonly<Record<FieldName, FieldType>> = {
  origin: { type: "text", max: 64 },
  destination: { type: "text", max: 64 },
  via: { type: "list", items: 8, max: 64 },
  airline: { type: "text", max: 64 },
  codeshares: { type: "list", items: 20, max: 16 },
  aircraft: { type: "text", max: 32 },
  arrival: { type: "time" },
  departure: { type: "time" },
  estimated: { type: "time" },
  actual: { type: "time" },
  state: { type: "text", max: 40 },
  terminal: { type: "text", max: 32 },
  gate: { type: "text", max: 32 },
  stand: { type: "text", max: 32 },
  belt: { type: "text", max: 32 },
  checkIn: { type: "text", max: 32 },
  remark: { type: "text", max: 200 },
};

export const fieldNames = Object.keys(FIELDS) as FieldName[];

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

export interface FieldContext {
  readonly board: Board;
  readonly language: Language;
  /** The server's time, once it has sent it. */
  readonly now: number | undefined;
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

/** A value as a person types it. */
export function fieldText(field: FieldName, flight: Flight, context: FieldContext): string {
  const { board, language } = context;
  const value = flight[field];
  if (value === undefined) return "";
  if (typeof value !== "string") return value.join(", ");
  if (FIELDS[field].type === "time") {
    const instant = instantOf(flight, field as "estimated");
    if (instant === undefined) return value;
    const days = dayOffset(flight, field as "estimated", board);
    const clock = clockText(instant, zoneOf(board));
    return days === 0 ? clock : `${clock} ${days > 0 ? "+" : "−"}${Math.abs(days)}`;
  }
  const known = field === "state" ? knownState(value) : undefined;
  return known === undefined ? value : language.states[known];
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
