// The state of a flight for its readers, in a word or two.

import type { Board, Flight } from "flightboard-client";
import type { IconName } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { knownState, styles, type StateName, type Tone } from "../states.ts";
import { clockTime, zoneOf } from "../time.ts";
import { lateness } from "./times.ts";

export interface Status {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly text: string;
  /** The publisher's own words. */
  readonly isForeign?: boolean;
}

/** States whose text has the time of the movement. */
const MOVED = new Set<StateName>(["departed", "landed", "at gate"]);

const TOO_LATE = new Set<string>(["gate closed", "departed", "cancelled"]);

/** States that say less than the difference from the schedule. */
const QUIET = new Set<StateName>(["scheduled", "expected"]);

/** `isDue` once the time has passed at which the flight was expected to move. */
export function statusOf(flight: Flight, board: Board, isDue: boolean, language: Language): Status {
  const state = knownState(flight.state);
  if (state !== undefined && !QUIET.has(state)) return knownStatus(state, flight, board, language);
  const minutes = lateness(flight, board);
  const isDelayed = /^delayed$/i.test(flight.state ?? "");
  if (flight.state && state === undefined && !(isDelayed && minutes !== undefined)) {
    const tone = isDelayed ? "late" : "quiet";
    return { tone, text: flight.state, isForeign: true, ...(isDelayed && { icon: "clock" }) };
  }
  if (minutes === undefined) return punctualStatus(flight, isDue, language);
  const duration = language.duration(Math.abs(minutes));
  return minutes > 0
    ? { tone: "late", icon: "clock", text: language.late(duration) }
    : { tone: "quiet", icon: "clock", text: language.early(duration) };
}

/** The state alone, as a board with the plain column `state` shows it. */
export function plainStatus(flight: Flight, language: Language): Status | undefined {
  const state = knownState(flight.state);
  if (state !== undefined) return { ...styles[state], text: language.states[state] };
  return flight.state ? { tone: "quiet", text: flight.state, isForeign: true } : undefined;
}

function knownStatus(state: StateName, flight: Flight, board: Board, language: Language): Status {
  const label = language.states[state];
  const time = MOVED.has(state) ? flight.actual : undefined;
  const belt = state === "baggage" ? flight.belt : undefined;
  const text = time
    ? language.stateAt(label, clockTime(time, zoneOf(board)))
    : belt
      ? language.bagsOnBelt
      : label;
  return { ...styles[state], text };
}

/** A flight is on time only as long as it can still be. */
function punctualStatus(flight: Flight, isDue: boolean, language: Language): Status {
  if (!isDue && flight.actual === undefined) {
    return { tone: "quiet", icon: "clock", text: language.onTime };
  }
  const state = knownState(flight.state);
  if (state !== undefined) return { ...styles[state], text: language.states[state] };
  return { tone: "quiet", text: language.noNews };
}

/** Whether travellers are called to the gate, or it is too late for a desk. */
export function isPastDesk(flight: Flight): boolean {
  return litTile(flight) === "gate" || TOO_LATE.has(knownState(flight.state) ?? "");
}

/** The tile that lights up because there is something to do. */
export function litTile(flight: Flight): "gate" | "belt" | undefined {
  switch (knownState(flight.state)) {
    case "gate open":
    case "boarding":
    case "final call":
      return "gate";
    case "baggage":
      return "belt";
    default:
      return undefined;
  }
}
