// The fields of a row that change, with the limits that the server has for them, and their values in words.

import type { Board, Flight, FlightKey } from "flightboard-client";
import type { Language } from "../language/language.ts";
import { knownState } from "../states.ts";
import { clockText, dayOffset, instantOf, zoneOf } from "../time.ts";

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

export interface FieldContext {
  readonly board: Board;
  readonly language: Language;
  /** The server's time, once it has sent it. */
  readonly now: number | undefined;
}

export function labelOf(field: FieldName, { language }: FieldContext): string {
  return language.columns[field];
}

/** Undefined for an unset field. */
export function valueText(
  field: FieldName,
  value: Value | null,
  key: FlightKey,
  context: FieldContext,
): string | undefined {
  if (value === null || !value?.length) return undefined;
  return fieldText(field, { ...key, [field]: value } as Flight, context);
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
