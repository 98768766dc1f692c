// The known states, which the field of the state offers.

import type { Language } from "../language/language.ts";
import { stateNames } from "../states.ts";

/** One editor is open at a time. */
export const STATES_ID = "desk-states";

export function StateOptions({ language }: { language: Language }) {
  return (
    <datalist id={STATES_ID}>
      {stateNames.map((name) => (
        <option key={name} value={language.states[name]} />
      ))}
    </datalist>
  );
}
