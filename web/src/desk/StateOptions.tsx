// The known states, which the field of the state offers.

import type { Language } from "../language/language.ts";
import { stateNames } from "../states.ts";

export function StateOptions({ id, language }: { id: string; language: Language }) {
  return (
    <datalist id={id}>
      {stateNames.map((name) => (
        <option key={name} value={language.states[name]} />
      ))}
    </datalist>
  );
}
