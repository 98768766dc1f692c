// The button in the foot of a board that opens and closes the time bar.

import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import type { Past } from "./usePast.ts";

export function OpenPastButton({ past, language }: { past: Past; language: Language }) {
  // The bar stays while it is the way back.
  if (past.shown) return null;
  return (
    <button type="button" class="open-past" aria-expanded={past.isOpen} onClick={past.toggle}>
      <Icon name="clock" />
      {language.past.open}
    </button>
  );
}
