// The lines of a paste, each with its effect or its faults.

import { Icon } from "../Icon.tsx";
import type { DeskLanguage } from "./language/language.ts";
import { effectText, type PasteLine } from "./paste.ts";

export function PasteLines({ lines, texts }: { lines: readonly PasteLine[]; texts: DeskLanguage }) {
  return (
    <ol class="paste-lines">
      {lines.map((line) => (
        <li
          key={line.line}
          data-line={line.line}
          data-bad={line.errors.length > 0 ? "" : undefined}
        >
          <LineHead line={line} texts={texts} />
          {line.errors.map((error, index) => (
            <span key={index} class="field-error">
              <Icon name="alert" /> {error(texts)}
            </span>
          ))}
          {line.errors.length === 0 && <span dir="auto">{effectText(line, texts)}</span>}
        </li>
      ))}
    </ol>
  );
}

interface HeadProps {
  line: PasteLine;
  texts: DeskLanguage;
}

export function LineHead({ line: { line, flight }, texts }: HeadProps) {
  return (
    <>
      <span class="paste-number">
        {texts.line} {line}
      </span>{" "}
      <b>
        <bdi>{flight}</bdi>
      </b>{" "}
    </>
  );
}
