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

/** Ignores letter case, as the server does. */
export function styleOf(state: string): StateStyle | undefined {
  const known = state.toLowerCase();
  return Object.hasOwn(styles, known) ? styles[known] : undefined;
}
