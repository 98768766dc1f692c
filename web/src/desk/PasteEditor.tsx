// Pastes many rows: a preview of each line, then one request, and the outcome of each line.

import type { Flight } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { DeskContext } from "./context.ts";
import { EditorForm, HoldBox } from "./EditorForm.tsx";
import { readPaste, type Paste } from "./paste.ts";
import { PasteLines } from "./PasteLines.tsx";
import { PasteReport } from "./PasteReport.tsx";
import { useSentLines } from "./useSentLines.ts";
import type { DeskWork } from "./work.ts";

interface Props {
  text: string;
  rows: ReadonlyMap<string, Flight>;
  context: DeskContext;
  work: DeskWork;
  onType(text: string): void;
  onBack(): void;
}

export function PasteEditor({ text, rows, context, work, onType, onBack }: Props) {
  const { texts, holdsByDefault } = context;
  const [isHeld, setHeld] = useState(holdsByDefault);
  const { sent, publish, repeat, forget } = useSentLines(work, texts, () => onType(""));
  const paste = useMemo(
    () => readPaste(text, rows, isHeld, texts, context),
    [text, rows, isHeld, texts, context],
  );
  const ready = paste.lines.filter(({ update }) => update !== undefined);
  const effective = paste.lines.filter(({ effect }) => effect?.kind !== "none");
  return (
    <EditorForm
      title={texts.paste}
      class="paste"
      focusOn="textarea"
      context={context}
      onPublish={() => publish(paste.lines, ready)}
      onBack={onBack}
    >
      {sent === undefined ? (
        <>
          <PastedText text={text} errors={paste.errors} context={context} onType={onType}>
            <HoldBox
              label={texts.pasteHold}
              isHeld={isHeld}
              isReadOnly={false}
              onTurn={() => setHeld(!isHeld)}
            />
          </PastedText>
          <PasteLines lines={paste.lines} texts={texts} />
          <footer class="editor-actions">
            <button type="submit" class="primary" disabled={ready.length === 0}>
              {ready.length === 0
                ? texts.noLines
                : texts.publishLines(ready.length, effective.length)}
            </button>
          </footer>
        </>
      ) : (
        <PasteReport sent={sent} texts={texts} onRepeat={repeat} onClose={forget} />
      )}
    </EditorForm>
  );
}

interface TextProps {
  text: string;
  errors: Paste["errors"];
  context: DeskContext;
  onType(text: string): void;
  /** Above the errors of the headings. */
  children: ComponentChildren;
}

function PastedText({ text, errors, context, onType, children }: TextProps) {
  const { texts, language } = context;
  const id = useId();
  const { columns, date } = language;
  const names = [columns.flight, date, columns.state, columns.gate, columns.estimated];
  return (
    <>
      <p id={`${id}-help`}>{texts.pasteHelp(names.join(", "))}</p>
      <label for={id}>{texts.pasteLabel}</label>
      <textarea
        id={id}
        aria-describedby={`${id}-help`}
        rows={8}
        wrap="off"
        spellcheck={false}
        value={text}
        onInput={(event) => onType(event.currentTarget.value)}
      />
      {children}
      <div aria-live="polite">
        {errors.map((error, index) => (
          <p key={index} class="field-error">
            <Icon name="alert" /> {error(texts)}
          </p>
        ))}
      </div>
    </>
  );
}
