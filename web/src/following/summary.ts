// A followed flight in a few words: on its card, in the title of the page, and in notifications.

import { type Board, type Flight, otherAirport, scheduledField } from "flightboard-client";
import type { Cities } from "../cities.ts";
import type { Language } from "../language/language.ts";
import type { SheetContext } from "../rows/FlightSheet.tsx";
import { statusOf, type Status } from "../rows/status.ts";
import { countdown, isDue, isSettled, timesOf } from "../rows/times.ts";
import { clockText, clockTime, zoneOf } from "../time.ts";

export interface Summary {
  readonly status: Status;
  /** Puts a place after the number. */
  toPlace(place: string): string;
  readonly place: string | undefined;
  /** The gate, or the belt on a board of arrivals. */
  readonly way: string | undefined;
  /** `leaves 20:40, in 22 min`; undefined once that is past. */
  readonly movement: string | undefined;
}

export function summaryOf(flight: Flight, context: SheetContext, cities: Cities): Summary {
  const { board, language, now } = context;
  const place = otherAirport(flight, board.kind);
  const isArrival = board.kind === "arrivals";
  return {
    status: statusOf(flight, board, isDue(flight, board, now), language),
    toPlace: isArrival ? language.fromPlace : language.toPlace,
    place: place && (cities.get(place) ?? place),
    way: isArrival ? flight.belt : flight.gate,
    movement: movementOf(flight, context),
  };
}

/** `Boarding, gate 27 - CX 623`. */
export function titleOf(flight: Flight, context: SheetContext, cities: Cities): string {
  const { board, language } = context;
  const { status, way } = summaryOf(flight, context, cities);
  return language.followedTitle(callOf(status, way, board, language), flight.flight);
}

function callOf(
  { text }: Status,
  way: string | undefined,
  { kind }: Board,
  language: Language,
): string {
  if (!way) return text;
  return kind === "arrivals" ? language.beltCall(text, way) : language.gateCall(text, way);
}

function movementOf(flight: Flight, { board, language, now }: SheetContext): string | undefined {
  if (isSettled(flight)) return undefined;
  const { revised } = timesOf(flight, board);
  const zone = zoneOf(board);
  const scheduled = flight[scheduledField(board.kind)];
  const time =
    revised === undefined ? scheduled && clockTime(scheduled, zone) : clockText(revised, zone);
  if (!time) return undefined;
  const minutes = countdown(flight, board, now);
  const left = minutes === undefined ? undefined : language.until(minutes);
  return board.kind === "arrivals" ? language.arrives(time, left) : language.leaves(time, left);
}
