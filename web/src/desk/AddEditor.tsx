// The form for a flight that is not on the board yet.

import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import { rowOf, typeField, withTyped, type Addition, type AdditionErrors } from "./drafts.ts";
import { FieldInput } from "./FieldInput.tsx";
import { editorFields, parseDate, parseNumber, type FieldName, type Reason } from "./fields.ts";
import type { DeskLanguage } from "./language/language.ts";
import { meaningText, type DeskContext } from "./RowEditor.tsx";
import { StateOptions } from "./StateOptions.tsx";
import type { DeskWork } from "./work.ts";

interface Props {
  addition: Addition;
  /** While it is being published. */
  isReadOnly: boolean;
  context: DeskContext;
  work: DeskWork;
  onBack(): void;
  onAdded(): void;
}

export function AddEditor({ addition, isReadOnly, context, work, onBack, onAdded }: Props) {
  const { board, texts, language, holdsByDefault } = context;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const row = keyRow(addition);
  const isHeld = addition.hold.flight ?? holdsByDefault;
  const result = rowOf(addition, isHeld, context);
  const errors: AdditionErrors = "errors" in result ? result.errors : {};
  const change = (changes: Partial<Addition>) => work.changeAddition({ ...addition, ...changes });

  const publish = async () => {
    if ("errors" in result) return work.tell("notMade", (texts) => texts.fixFirst);
    if (await work.add(result.row)) onAdded();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) void publish();
  };
  const fieldOf = (field: FieldName) => {
    const text = addition.fields[field]?.text ?? "";
    const reason = errors[field];
    return (
      <FieldInput
        key={field}
        field={field}
        text={text}
        row={row}
        was={undefined}
        error={reason && texts.reason(reason)}
        meaning={meaningText(field, text, withTyped(addition, field, row, context), context)}
        isReadOnly={isReadOnly}
        isLocked={undefined}
        context={context}
        texts={texts}
        states={`${id}-states`}
        onType={(text) => change(typeField(addition, field, text, { flight: "" }, context))}
      />
    );
  };
  const { usual, more } = editorFields(board.kind);
  const [scheduled, place, ...others] = more;
  return (
    <form
      ref={form}
      class="editor"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        void publish();
      }}
      onKeyDown={onKeyDown}
    >
      <header>
        <h2 id={`${id}-title`} tabIndex={-1}>
          {texts.add}
        </h2>
        <button type="button" class="editor-back" onClick={onBack}>
          <Icon name="cross" />
          <span class="visually-hidden">{texts.back}</span>
        </button>
      </header>
      <StateOptions id={`${id}-states`} language={language} />
      <div class="fields">
        <KeyInput
          label={texts.number}
          text={addition.number}
          reason={addition.number === "" ? undefined : errors.number}
          isReadOnly={isReadOnly}
          texts={texts}
          onType={(number) => change({ number })}
        />
        <KeyInput
          label={texts.date}
          text={addition.date}
          reason={errors.date}
          isReadOnly={isReadOnly}
          texts={texts}
          onType={(date) => change({ date })}
        />
        {[scheduled!, place!, ...usual].map(fieldOf)}
      </div>
      <details>
        <summary>{texts.moreFields}</summary>
        <div class="fields">
          <KeyInput
            label={texts.leg}
            hint={texts.legHint}
            text={addition.leg}
            reason={errors.leg}
            isReadOnly={isReadOnly}
            texts={texts}
            onType={(leg) => change({ leg })}
          />
          {others.map(fieldOf)}
        </div>
      </details>
      <label class="whole">
        <input
          type="checkbox"
          checked={isHeld}
          disabled={isReadOnly}
          onChange={() => change({ hold: { ...addition.hold, flight: !isHeld } })}
        />{" "}
        {texts.holdWhole}
      </label>
      <footer class="editor-actions">
        <button
          type="submit"
          class="primary"
          aria-keyshortcuts="Control+Enter"
          disabled={isReadOnly}
        >
          {isReadOnly ? texts.publishing : texts.publish} <kbd>Ctrl Enter</kbd>
        </button>
        <button
          type="button"
          disabled={isReadOnly}
          onClick={() => {
            work.changeAddition(undefined);
            onBack();
          }}
        >
          {texts.discard}
        </button>
      </footer>
    </form>
  );
}

interface KeyInputProps {
  label: string;
  hint?: string;
  text: string;
  reason: Reason | undefined;
  isReadOnly: boolean;
  texts: DeskLanguage;
  onType(text: string): void;
}

function KeyInput({ label, hint, text, reason, isReadOnly, texts, onType }: KeyInputProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={text}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        readOnly={isReadOnly}
        aria-invalid={reason === undefined ? undefined : "true"}
        aria-describedby={`${id}-help`}
        onInput={(event) => onType(event.currentTarget.value)}
      />
      <p id={`${id}-help`} class="field-help">
        {reason !== undefined && (
          <span class="field-error">
            <Icon name="alert" /> {texts.fieldReason(label, texts.reason(reason))}
          </span>
        )}
        {hint !== undefined && <span>{hint}</span>}
      </p>
    </div>
  );
}

/** The row so far, from which the typed times count. */
function keyRow({ number, date }: Addition) {
  const flight = parseNumber(number);
  const day = parseDate(date);
  return {
    flight: "value" in flight ? flight.value : "",
    ...("value" in day && day.value !== undefined && { date: day.value }),
  };
}
