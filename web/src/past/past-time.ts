// The time of the past that a page's URL names, and how fast it is played.

import { parseInstant } from "flightboard-client";

/** How many times as fast as it happened the past can be played. */
export const SPEEDS = [1, 10, 60] as const;
export type Speed = (typeof SPEEDS)[number];

export interface PastTime {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Undefined while nothing is played. */
  readonly speed: Speed | undefined;
}

/** Undefined for a URL of the live board. */
export function pastTimeOf(search: string): PastTime | undefined {
  const parameters = new URLSearchParams(search);
  const at = parseInstant(parameters.get("at") ?? undefined);
  if (at === undefined) return undefined;
  const speed = SPEEDS.find((speed) => String(speed) === parameters.get("speed"));
  return { at, speed };
}

/** The URL with this time in its query; that of the live board without. */
export function withPastTime(url: string, time: PastTime | undefined): string {
  const changed = new URL(url);
  changed.searchParams.delete("at");
  changed.searchParams.delete("speed");
  if (time !== undefined) changed.searchParams.set("at", timeText(time.at));
  if (time?.speed !== undefined) changed.searchParams.set("speed", String(time.speed));
  return changed.href;
}

/** RFC 3339, without milliseconds where there are none. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
