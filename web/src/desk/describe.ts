// Changes of a row in words.

import { type Board, type Flight, otherAirport, scheduledField } from "flightboard-client";
import type { Cities } from "../cities.ts";
import {
  fieldText,
  labelOf,
  valueText,
  type FieldContext,
  type FieldName,
} from "../history/fields.ts";
import { instantOf, wallMillis, zoneOf } from "../time.ts";
import type { Edit, HeldName } from "./change.ts";
import type { DeskLanguage } from "./language/language.ts";

const DAY = 24 * 3_600_000;
const MINUTE = 60_000;

/** `Gate B9, Remark cleared, Gate held`. */
export function editText(edit: Edit, texts: DeskLanguage, context: FieldContext): string {
  const fields = Object.keys(edit.set) as FieldName[];
  const values = fields.map((field) => {
    const label = labelOf(field, context);
    const value = valueText(field, edit.set[field], edit.key, context);
    return value === undefined ? texts.cleared(label) : `${label} ${value}`;
  });
  const locks = (Object.keys(edit.hold) as HeldName[]).flatMap((name) => {
    if (name !== "flight" && name in edit.set) return [];
    const label = name === "flight" ? context.language.columns.flight : labelOf(name, context);
    return edit.hold[name] ? texts.heldField(label) : texts.releasedField(label);
  });
  return [...values, ...locks].join(", ");
}

/** The place and the scheduled time of a flight. */
export function routeText(flight: Flight, board: Board, cities: Cities): string {
  const place = otherAirport(flight, board.kind);
  return (place && (cities.get(place) ?? place)) ?? "";
}

export function scheduledText(flight: Flight, context: FieldContext): string {
  return fieldText(scheduledField(context.board.kind), flight, context);
}

/** The day of a typed time, and its difference from the schedule. */
export function meaningOf(
  instant: number,
  flight: Flight,
  texts: DeskLanguage,
  { board, language, now = Date.now() }: FieldContext,
): string {
  const zone = zoneOf(board);
  const wall = wallMillis(instant, zone);
  const days = Math.floor(wall / DAY) - Math.floor(wallMillis(now, zone) / DAY);
  const scheduled = instantOf(flight, scheduledField(board.kind));
  const minutes = scheduled === undefined ? 0 : Math.round((instant - scheduled) / MINUTE);
  const duration = language.duration(Math.abs(minutes));
  const difference = minutes > 0 ? language.late(duration) : language.early(duration);
  const clock = new Date(wall).toISOString().slice(11, 16);
  const day = language.day(days, language.shortDate(wall));
  return texts.means(day, clock, minutes === 0 ? undefined : difference);
}
