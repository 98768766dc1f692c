// A part of the key of a new row: its number, its date or its leg.

import { useId } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { Addition } from "./drafts.ts";
import type { Reason } from "./typed-fields.ts";
import type { DeskLanguage } from "./language/language.ts";

interface Props {
  part: "number" | "date" | "leg";
  addition: Addition;
  reason: Reason | undefined;
  isReadOnly: boolean;
  texts: DeskLanguage;
  onChange(changes: Partial<Addition>): void;
}

export function KeyInput({ part, addition, reason, isReadOnly, texts, onChange }: Props) {
  const id = useId();
  const label = texts[part];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={addition[part]}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        readOnly={isReadOnly}
        aria-invalid={reason === undefined ? undefined : "true"}
        aria-describedby={`${id}-help`}
        onInput={(event) => onChange({ [part]: event.currentTarget.value })}
      />
      <p id={`${id}-help`} class="field-help">
        {reason !== undefined && (
          <span class="field-error">
            <Icon name="alert" /> {texts.fieldReason(label, texts.reason(reason))}
          </span>
        )}
        {part === "leg" && <span>{texts.legHint}</span>}
      </p>
    </div>
  );
}
