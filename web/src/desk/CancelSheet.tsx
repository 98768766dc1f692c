// Asks whether a flight is to be cancelled, by its name.

import type { Language } from "../language/language.ts";
import { Sheet } from "../rows/Sheet.tsx";
import type { DeskLanguage } from "./language/language.ts";

interface Props {
  flight: string;
  place: string;
  time: string;
  language: Language;
  texts: DeskLanguage;
  onYes(): void;
  onClose(): void;
}

export function CancelSheet({ flight, place, time, language, texts, onYes, onClose }: Props) {
  return (
    <Sheet title={texts.cancelFlight} language={language} onClose={onClose}>
      <p dir="auto">{texts.cancelQuestion(flight, place, time)}</p>
      <p class="editor-actions">
        {/* The dialog gives it the focus. */}
        <button
          type="button"
          class="danger"
          autofocus
          onClick={(event) => {
            onYes();
            event.currentTarget.closest("dialog")?.close();
          }}
        >
          {texts.cancelYes(flight)}
        </button>
        <button type="button" onClick={(event) => event.currentTarget.closest("dialog")?.close()}>
          {texts.goBack}
        </button>
      </p>
    </Sheet>
  );
}
