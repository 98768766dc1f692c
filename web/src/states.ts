// The known states and their look. Their names in a reader's language are in language/. Any other text is shown as it is.

import type { IconName } from "./Icon.tsx";

/** A colour with a meaning; colours.css gives each its contrast. Only a state on which somebody acts is filled. */
export type Tone = "quiet" | "late" | "info" | "go" | "call" | "stop" | "turn" | "done";

export const stateNames = [
  "scheduled",
  "expected",
  "check-in",
  "gate open",
  "boarding",
  "final call",
  "gate closed",
  "departed",
  "landing",
  "landed",
  "at gate",
  "baggage",
  "cancelled",
  "diverted",
] as const;

export type StateName = (typeof stateNames)[number];

export interface StateStyle {
  readonly tone: Tone;
  readonly icon: IconName;
}

export const styles: Readonly<Record<StateName, StateStyle>> = {
  scheduled: { tone: "quiet", icon: "clock" },
  expected: { tone: "quiet", icon: "clock" },
  "check-in": { tone: "info", icon: "desk" },
  "gate open": { tone: "go", icon: "door" },
  boarding: { tone: "go", icon: "walk" },
  "final call": { tone: "call", icon: "alert" },
  "gate closed": { tone: "done", icon: "bar" },
  departed: { tone: "done", icon: "takeoff" },
  landing: { tone: "info", icon: "landing" },
  landed: { tone: "info", icon: "check" },
  "at gate": { tone: "info", icon: "door" },
  baggage: { tone: "go", icon: "bag" },
  cancelled: { tone: "stop", icon: "cross" },
  diverted: { tone: "turn", icon: "turn" },
};

/** The known state that a row's `state` means. Letter case is ignored from A to Z only, as on the server:
 * `toLowerCase` would also turn other letters into these. */
export function knownState(state: string | undefined): StateName | undefined {
  const name = state?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return name !== undefined && Object.hasOwn(styles, name) ? (name as StateName) : undefined;
}

export function styleOf(state: string | undefined): StateStyle | undefined {
  const known = knownState(state);
  return known === undefined ? undefined : styles[known];
}
