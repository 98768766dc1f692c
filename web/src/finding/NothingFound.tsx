// In the place of the rows when none is like the search and the filters.

import type { Language } from "../language/language.ts";

interface Props {
  query: string;
  language: Language;
  onClear(): void;
}

export function NothingFound({ query, language, onClear }: Props) {
  return (
    <section class="empty">
      <h2 dir="auto">{language.nothingFound(query)}</h2>
      <button type="button" onClick={onClear}>
        {language.clear}
      </button>
    </section>
  );
}
