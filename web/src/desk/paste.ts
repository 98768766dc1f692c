// Reads rows that were copied from a spreadsheet, and compares them with the rows of the board.

import { type Flight, keyOf, scheduledField } from "flightboard-client";
import Papa from "papaparse";
import { fold } from "../finding/fold.ts";
import {
  labelOf,
  valueText,
  fieldNames,
  type FieldContext,
  type FieldName,
} from "../history/fields.ts";
import type { Change } from "./carry-out.ts";
import { patchOf, undoOf } from "./change.ts";
import { editText } from "./describe.ts";
import { editOf, newAddition, rowOf, type Draft } from "./drafts.ts";
import type { Reason } from "./typed-fields.ts";
import type { DeskLanguage } from "./language/language.ts";

/** A cell with this text clears its field; an empty cell leaves it as it is. */
const CLEAR = /^[-–—]$/;

export type Column = FieldName | "flight" | "date" | "leg";

type Text = (texts: DeskLanguage) => string;

export interface PasteLine {
  /** In the pasted text, from 1; the headings are line 1. */
  readonly line: number;
  readonly flight: string;
  /** Why it cannot be published. */
  readonly errors: readonly Text[];
  readonly effect: { kind: "new" | "change"; text: string } | { kind: "none" } | undefined;
  /** The line to send, if it changes anything. */
  readonly update: { event: string; data: unknown } | undefined;
  readonly undo: Change | undefined;
}

export interface Paste {
  /** Errors of the headings: no line can be read then. */
  readonly errors: readonly Text[];
  readonly lines: readonly PasteLine[];
}

/** Other words of spreadsheets for the columns. Those of the page's language are known too. */
const ALIASES: Readonly<Record<string, Column>> = {
  flightnumber: "flight",
  flightno: "flight",
  number: "flight",
  day: "date",
  std: "departure",
  sta: "arrival",
  etd: "estimated",
  eta: "estimated",
  expected: "estimated",
  atd: "actual",
  ata: "actual",
  from: "origin",
  to: "destination",
  status: "state",
  checkin: "checkIn",
  remarks: "remark",
  codeshare: "codeshares",
};

export function readPaste(
  text: string,
  rows: ReadonlyMap<string, Flight>,
  isHeld: boolean,
  texts: DeskLanguage,
  context: FieldContext,
): Paste {
  const [headings = [], ...lines] = cellsOf(text);
  if (headings.every((heading) => heading.trim() === "")) return { errors: [], lines: [] };
  const { columns, errors } = columnsOf(headings, texts, context);
  if (errors.length > 0) return { errors, lines: [] };
  const numbers = numbersOf(rows.values());
  const taken = new Map<string, number>();
  const read = lines.flatMap((cells, index) => {
    if (cells.every((cell) => cell.trim() === "")) return [];
    const line = index + 2;
    const values = new Map<Column, string>();
    columns.forEach((column, at) => column && values.set(column, cells[at]?.trim() ?? ""));
    if (cells.slice(columns.length).some((cell) => cell.trim() !== "")) {
      const flight = values.get("flight") ?? "";
      return refused(line, flight, [(texts) => texts.tooManyCells(cells.length)]);
    }
    return readLine({ line, values, numbers, taken, isHeld, texts, context });
  });
  return { errors: [], lines: read };
}

export function effectText({ effect }: PasteLine, texts: DeskLanguage): string {
  if (effect === undefined || effect.kind === "none") return texts.noEffect;
  return effect.kind === "new" ? `${texts.newFlight}: ${effect.text}` : effect.text;
}

interface LineContext {
  line: number;
  values: ReadonlyMap<Column, string>;
  numbers: ReadonlyMap<string, readonly Flight[]>;
  /** The line of each row that was read before. */
  taken: Map<string, number>;
  isHeld: boolean;
  texts: DeskLanguage;
  context: FieldContext;
}

function readLine(one: LineContext): PasteLine {
  const { line, values, taken, context } = one;
  const number = values.get("flight") ?? "";
  const row = matchingRow(one);
  if (typeof row === "function") return refused(line, number, [row]);
  const key = row === undefined ? JSON.stringify(keyTexts(values)) : keyOf(row);
  const before = taken.get(key);
  if (before !== undefined) {
    const label = context.language.columns.flight;
    return refused(line, number, [(texts) => texts.fieldReason(label, texts.doubleLine(before))]);
  }
  taken.set(key, line);
  return row === undefined ? newRow(one) : changedRow(row, one);
}

/** The row on the board; undefined for a new one; a text if there are several. */
function matchingRow({ values, numbers, context }: LineContext): Flight | undefined | Text {
  const [number = "", date = "", leg = ""] = keyTexts(values);
  const same = numbers.get(fold(number)) ?? [];
  const exact = same.filter(({ flight }) => flight === number);
  const found = (exact.length > 0 ? exact : same).filter(
    (row) => (date === "" || row.date === date) && (leg === "" || row.leg === leg),
  );
  if (found.length < 2) return found[0];
  const isOfDate = date !== "";
  const choices = found.map((row) => (isOfDate ? row.leg : row.date) ?? "-").join(", ");
  return (texts) => {
    const label = isOfDate ? texts.leg : context.language.date;
    return texts.fieldReason(label, texts.severalRows(choices));
  };
}

function changedRow(row: Flight, one: LineContext): PasteLine {
  const { line, isHeld, texts, context } = one;
  const draft: Draft = { row, hold: {}, fields: typedFields(one, row) };
  const result = editOf(draft, row, isHeld, context);
  if ("errors" in result) return refused(line, row.flight, fieldErrors(result.errors, context));
  const { edit } = result;
  const patch = patchOf(edit, row);
  const undo = undoOf(edit, row);
  if (patch === undefined || undo === undefined)
    return {
      line,
      flight: row.flight,
      errors: [],
      effect: { kind: "none" },
      update: undefined,
      undo: undefined,
    };
  const changed = Object.fromEntries(Object.entries(edit.set).filter(([name]) => name in patch));
  const text = editText({ ...edit, set: changed, hold: {} }, texts, context);
  return {
    line,
    flight: row.flight,
    errors: [],
    effect: { kind: "change", text },
    update: { event: "flightStateUpdate", data: { ...edit.key, ...patch } },
    undo: { kind: "edit", edit: undo },
  };
}

function newRow(one: LineContext): PasteLine {
  const { line, values, isHeld, context } = one;
  const [number = "", date = "", leg = ""] = keyTexts(values);
  const addition = { ...newAddition(date), number, leg, fields: typedFields(one, { flight: "" }) };
  const result = rowOf(addition, isHeld, context);
  if ("errors" in result) {
    const { number, date, leg, ...others } = result.errors;
    const { columns } = context.language;
    const errors = [
      ...fieldError(() => columns.flight, number),
      ...fieldError(() => context.language.date, date),
      ...fieldError((texts) => texts.leg, leg),
      ...fieldErrors(others, context),
    ];
    return refused(line, addition.number, errors);
  }
  const { row } = result;
  const parts = fieldNames.flatMap((field) => {
    const value = valueText(field, row[field], row, context);
    return value === undefined ? [] : `${labelOf(field, context)} ${value}`;
  });
  return {
    line,
    flight: row.flight,
    errors: [],
    effect: { kind: "new", text: [row.date, ...parts].filter(Boolean).join(", ") },
    update: { event: "flightAddition", data: row },
    undo: { kind: "remove", row },
  };
}

function typedFields({ values }: LineContext, row: Flight): Draft["fields"] {
  const fields: Record<string, { text: string; seen: [Flight[FieldName]] }> = {};
  for (const field of fieldNames) {
    const text = values.get(field);
    if (text) fields[field] = { text: CLEAR.test(text) ? "" : text, seen: [row[field]] };
  }
  return fields;
}

function keyTexts(values: LineContext["values"]): string[] {
  return (["flight", "date", "leg"] as const).map((name) => values.get(name) ?? "");
}

function fieldError(label: Text, reason: Reason | undefined): Text[] {
  return reason ? [(texts) => texts.fieldReason(label(texts), texts.reason(reason))] : [];
}

function fieldErrors(errors: Partial<Record<FieldName, Reason>>, context: FieldContext): Text[] {
  return fieldNames.flatMap((field) => fieldError(() => labelOf(field, context), errors[field]));
}

function refused(line: number, flight: string, errors: readonly Text[]): PasteLine {
  return { line, flight, errors, effect: undefined, update: undefined, undo: undefined };
}

function numbersOf(rows: Iterable<Flight>): Map<string, Flight[]> {
  const numbers = new Map<string, Flight[]>();
  for (const row of rows) {
    const number = fold(row.flight);
    numbers.set(number, [...(numbers.get(number) ?? []), row]);
  }
  return numbers;
}

function cellsOf(text: string): string[][] {
  const first = text.split("\n", 1)[0]!;
  const delimiter = ["\t", ";", ","].find((one) => first.includes(one)) ?? "\t";
  return Papa.parse<string[]>(text, { delimiter }).data;
}

function columnsOf(headings: readonly string[], texts: DeskLanguage, context: FieldContext) {
  const names = columnNames(texts, context);
  const errors: Text[] = [];
  const columns = headings.map((heading, index) => {
    if (heading.trim() === "") return undefined;
    const column = names.get(fold(heading));
    if (column === undefined) errors.push((texts) => texts.unknownColumn(heading.trim()));
    const first = headings.findIndex((other) => names.get(fold(other)) === column);
    if (column !== undefined && first < index)
      errors.push((texts) => texts.doubleColumn(heading.trim()));
    return column;
  });
  if (!columns.includes("flight"))
    errors.push((texts) => texts.noFlightColumn(context.language.columns.flight));
  return { columns, errors };
}

function columnNames(texts: DeskLanguage, { board, language }: FieldContext): Map<string, Column> {
  const { columns } = language;
  const scheduled = scheduledField(board.kind);
  const place = board.kind === "arrivals" ? "origin" : "destination";
  const names: [string, Column][] = [
    [columns.time, scheduled],
    [columns.place, place],
    [columns.status, "state"],
    [language.date, "date"],
    [texts.number, "flight"],
    [columns.flight, "flight"],
    [texts.leg, "leg"],
    ...fieldNames.map((field): [string, Column] => [columns[field], field]),
    ...Object.entries(ALIASES),
    ["time", scheduled],
    ["flight", "flight"],
    ["date", "date"],
    ["leg", "leg"],
    ...fieldNames.map((field): [string, Column] => [field, field]),
  ];
  return new Map(names.map(([name, column]) => [fold(name), column]));
}
