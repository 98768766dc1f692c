// The list shows the steps of a board, and marks those that a flight has done.

import type { Board, Flight } from "flightboard-client";
import type { Language } from "../language/language.ts";
import { knownState, type StateName } from "../states.ts";

const STEPS: Readonly<Record<Board["kind"], readonly StateName[]>> = {
  departures: [
    "scheduled",
    "check-in",
    "gate open",
    "boarding",
    "final call",
    "gate closed",
    "departed",
  ],
  arrivals: ["expected", "landing", "landed", "at gate", "baggage"],
};

interface Props {
  flight: Flight;
  board: Board;
  language: Language;
}

/** Nothing for a state that is no step, such as one of a cancelled flight. */
export function Progress({ flight, board, language }: Props) {
  const steps = STEPS[board.kind];
  const state = knownState(flight.state);
  const current = state === undefined ? -1 : steps.indexOf(state);
  if (current < 0) return null;
  return (
    <ol class="progress" aria-label={language.history.progress}>
      {steps.map((step, index) => (
        <li
          key={step}
          data-done={index <= current ? "" : undefined}
          aria-current={index === current ? "step" : undefined}
        >
          <span>{language.states[step]}</span>
        </li>
      ))}
    </ol>
  );
}
