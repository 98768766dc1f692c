// Labels and styles of the known states. Any other text is shown as it is.

import type { IconName } from "./Icon.tsx";

/** A colour with a meaning; page.css gives each its contrast. */
export type Tone = "quiet" | "info" | "go" | "call" | "stop" | "turn" | "done";

export interface StateStyle {
  label: string;
  tone: Tone;
  icon: IconName;
}

const styles: Record<string, StateStyle> = {
  scheduled: { label: "Scheduled", tone: "quiet", icon: "clock" },
  expected: { label: "Expected", tone: "quiet", icon: "clock" },
  "check-in": { label: "Check-in", tone: "info", icon: "desk" },
  "gate open": { label: "Gate open", tone: "go", icon: "door" },
  boarding: { label: "Boarding", tone: "go", icon: "walk" },
  "final call": { label: "Final call", tone: "call", icon: "alert" },
  "gate closed": { label: "Gate closed", tone: "done", icon: "bar" },
  departed: { label: "Departed", tone: "info", icon: "takeoff" },
  landing: { label: "Landing", tone: "call", icon: "landing" },
  landed: { label: "Landed", tone: "go", icon: "check" },
  "at gate": { label: "At gate", tone: "go", icon: "door" },
  baggage: { label: "Baggage", tone: "info", icon: "bag" },
  cancelled: { label: "Cancelled", tone: "stop", icon: "cross" },
  diverted: { label: "Diverted", tone: "turn", icon: "turn" },
};

export const knownStates = Object.keys(styles);

/** The known state that a row's `state` means. Letter case is ignored from A to Z only, as on the server:
 * `toLowerCase` would also turn other letters into these. */
export function knownState(state: string | undefined): string | undefined {
  const name = state?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return name !== undefined && Object.hasOwn(styles, name) ? name : undefined;
}

export function styleOf(state: string | undefined): StateStyle | undefined {
  const known = knownState(state);
  return known === undefined ? undefined : styles[known];
}
