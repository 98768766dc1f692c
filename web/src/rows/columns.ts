// The columns of a board: those that its settings name, or those that travellers need.

import {
  type Board,
  type Flight,
  type TimeField,
  otherAirport,
  scheduledField,
} from "flightboard-client";
import type { Field } from "../changes.ts";
import type { Language } from "../language/language.ts";

/** A plain field shows one value; the others put together what a traveller reads as one. */
const PLAIN_FIELDS = [
  "origin",
  "destination",
  "arrival",
  "departure",
  "estimated",
  "actual",
  "state",
  "airline",
  "aircraft",
  "stand",
  "remark",
  "via",
  "codeshares",
] as const;

const VALUES = ["checkIn", "gate", "terminal", "belt"] as const;

const COMPOSITES = ["time", "place", "flight", "status"] as const;

export type PlainField = (typeof PLAIN_FIELDS)[number];
export type ValueColumn = (typeof VALUES)[number];
export type ColumnName = (typeof COMPOSITES)[number] | ValueColumn | PlainField;

/** Where a narrow screen has the column; `more` is only in the flight's details. */
export type Slot = "time" | "place" | "flight" | "status" | "tile" | "more";

export interface Column {
  readonly name: ColumnName;
  readonly heading: string;
  readonly slot: Slot;
  /** Its cell is marked when one of these changes. */
  readonly fields: readonly Field[];
}

const NAMES: ReadonlySet<string> = new Set([...COMPOSITES, ...VALUES, ...PLAIN_FIELDS]);

/** The columns of all rows. Those of a gate, a belt, a desk and a terminal are there if some row has one. */
export function columnsOf(
  board: Board,
  flights: Iterable<Flight>,
  language: Language,
): readonly Column[] {
  const chosen = board.columns?.filter(isColumnName);
  const names = chosen?.length ? chosen : usualColumns(board.kind, usedValues(flights));
  const tile = tileOf(names, board.kind);
  const taken = new Set<Slot>();
  return names.map((name) => {
    const wanted = name === tile ? "tile" : slotOf(name, board.kind);
    const slot = taken.has(wanted) ? "more" : wanted;
    taken.add(slot);
    return {
      name,
      heading: headingOf(name, board, language),
      slot,
      fields: fieldsOf(name, board.kind),
    };
  });
}

/** Whether the terminal tells rows apart. */
export function terminalsDiffer(flights: Iterable<Flight>): boolean {
  const terminals = new Set<string>();
  for (const { terminal } of flights) {
    if (terminal) terminals.add(terminal);
    if (terminals.size > 1) return true;
  }
  return false;
}

function isColumnName(name: string): name is ColumnName {
  return NAMES.has(name);
}

function usedValues(flights: Iterable<Flight>): ReadonlySet<ValueColumn> {
  const used = new Set<ValueColumn>();
  for (const flight of flights) {
    for (const value of VALUES) if (flight[value]) used.add(value);
    if (used.size === VALUES.length) break;
  }
  return used;
}

/** The terminal is a part of the gate's tile, if there is one. */
function usualColumns(kind: Board["kind"], used: ReadonlySet<ValueColumn>): ColumnName[] {
  const wanted: readonly ValueColumn[] =
    kind === "departures" ? ["checkIn", "gate", "belt"] : ["gate", "belt", "checkIn"];
  const values: ColumnName[] = wanted.filter((value) => used.has(value));
  if (used.has("terminal") && !used.has("gate")) values.unshift("terminal");
  return ["time", "place", "flight", ...values, "status"];
}

function headingOf(name: ColumnName, { kind }: Board, language: Language): string {
  if (name === "place") return kind === "arrivals" ? language.from : language.to;
  return language.columns[name];
}

/** Where a traveller goes: one of these fits a narrow screen. */
function tileOf(names: readonly ColumnName[], kind: Board["kind"]): ColumnName | undefined {
  const tiles: readonly ColumnName[] = kind === "arrivals" ? ["belt", "gate"] : ["gate", "belt"];
  return tiles.find((tile) => names.includes(tile));
}

function slotOf(name: ColumnName, kind: Board["kind"]): Slot {
  switch (name) {
    case "time":
    case scheduledField(kind):
      return "time";
    case "place":
    case kind === "arrivals" ? "origin" : "destination":
      return "place";
    case "flight":
      return "flight";
    case "status":
    case "state":
      return "status";
    default:
      return "more";
  }
}

function fieldsOf(name: ColumnName, kind: Board["kind"]): Field[] {
  switch (name) {
    case "time":
      return [scheduledField(kind), "estimated", "actual"];
    case "place":
      return [kind === "arrivals" ? "origin" : "destination", "via"];
    case "flight":
      return ["codeshares", "airline"];
    case "gate":
      return ["gate", "terminal"];
    case "status":
    case "state":
      return ["state", "remark"];
    default:
      return [name];
  }
}

export function isTimeField(name: ColumnName): name is TimeField {
  return ["arrival", "departure", "estimated", "actual"].includes(name);
}

/** The place of a plain column or of the composite one. */
export function placeOf(name: ColumnName, flight: Flight, kind: Board["kind"]): string | undefined {
  if (name === "origin") return flight.origin;
  if (name === "destination") return flight.destination;
  return otherAirport(flight, kind);
}
