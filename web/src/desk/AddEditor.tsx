// The form for a flight that is not on the board yet.

import type { FieldName } from "../history/fields.ts";
import type { DeskContext } from "./context.ts";
import { DraftField } from "./DraftField.tsx";
import { rowOf, type Addition, type AdditionErrors } from "./drafts.ts";
import { EditorActions, EditorForm, HoldBox } from "./EditorForm.tsx";
import { editorFields, parseDate, parseNumber } from "./typed-fields.ts";
import { KeyInput } from "./KeyInput.tsx";
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
  const { board, texts, holdsByDefault } = context;
  const isHeld = addition.hold.flight ?? holdsByDefault;
  const result = rowOf(addition, isHeld, context);
  const errors: AdditionErrors = "errors" in result ? result.errors : {};
  const row = keyRow(addition);
  const change = (changes: Partial<Addition>) => work.changeAddition({ ...addition, ...changes });

  const publish = async () => {
    if ("errors" in result) return work.tell("notMade", (texts) => texts.fixFirst);
    if (await work.add(result.row)) onAdded();
  };
  const discard = () => {
    work.changeAddition(undefined);
    onBack();
  };
  const key = { addition, isReadOnly, texts, onChange: change };
  const fieldOf = (field: FieldName) => (
    <DraftField
      key={field}
      field={field}
      draft={addition}
      row={row}
      isNew
      reason={errors[field]}
      isReadOnly={isReadOnly}
      isLocked={undefined}
      context={context}
      onChange={(edit) => change({ fields: edit(addition).fields })}
    />
  );
  const { usual, more } = editorFields(board.kind);
  const [scheduled, place, ...others] = more;
  return (
    <EditorForm
      title={texts.add}
      focusOn="input"
      context={context}
      onPublish={() => void publish()}
      onBack={onBack}
    >
      <div class="fields">
        {/* An empty form is no fault yet. */}
        <KeyInput {...key} part="number" reason={addition.number ? errors.number : undefined} />
        <KeyInput {...key} part="date" reason={errors.date} />
        {[scheduled!, place!, ...usual].map(fieldOf)}
      </div>
      <details>
        <summary>{texts.moreFields}</summary>
        <div class="fields">
          <KeyInput {...key} part="leg" reason={errors.leg} />
          {others.map(fieldOf)}
        </div>
      </details>
      <HoldBox
        label={texts.holdWhole}
        isHeld={isHeld}
        isReadOnly={isReadOnly}
        onTurn={() => change({ hold: { ...addition.hold, flight: !isHeld } })}
      />
      <EditorActions isBusy={isReadOnly} texts={texts}>
        <button type="button" disabled={isReadOnly} onClick={discard}>
          {texts.discard}
        </button>
      </EditorActions>
    </EditorForm>
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
