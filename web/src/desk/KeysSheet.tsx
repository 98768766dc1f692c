// The keys of the desk.

import type { Language } from "../language/language.ts";
import { Sheet } from "../rows/Sheet.tsx";
import type { DeskLanguage } from "./language/language.ts";

interface Props {
  language: Language;
  texts: DeskLanguage;
  onClose(): void;
}

export function KeysSheet({ language, texts, onClose }: Props) {
  const { keyTexts } = texts;
  const keys: [string, string][] = [
    ["/", keyTexts.search],
    ["↑ ↓ PgUp PgDn", keyTexts.move],
    ["Enter", keyTexts.open],
    ["Ctrl Enter", keyTexts.publish],
    ["Alt L", keyTexts.hold],
    ["Esc", keyTexts.escape],
    ["C", keyTexts.cancel],
    ["A", keyTexts.add],
    ["P", keyTexts.paste],
    ["Ctrl Z", keyTexts.undo],
    ["?", keyTexts.keys],
  ];
  return (
    <Sheet title={texts.keysTitle} language={language} onClose={onClose}>
      <dl class="desk-keys">
        {keys.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
