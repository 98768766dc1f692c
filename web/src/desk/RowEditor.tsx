// The editor of one row.

import { type Flight, keyOf } from "flightboard-client";
import { useContext } from "preact/hooks";
import { CitiesContext } from "../cities.ts";
import { Icon } from "../Icon.tsx";
import type { FieldName } from "../history/fields.ts";
import type { DeskContext } from "./context.ts";
import { editText, routeText, scheduledText } from "./describe.ts";
import {
  draftConflicts,
  editOf,
  isEmpty,
  isLocked,
  newDraft,
  newestRow,
  turnLock,
  type Draft,
} from "./drafts.ts";
import { EditorActions, EditorForm, HoldBox } from "./EditorForm.tsx";
import { editorFields } from "./typed-fields.ts";
import type { DeskLanguage } from "./language/language.ts";
import { RowField } from "./RowField.tsx";
import type { DeskWork, WorkState } from "./work.ts";

interface Props {
  row: Flight;
  /** The row has left the board. */
  isRemoved: boolean;
  context: DeskContext;
  work: DeskWork;
  state: WorkState;
  /** A key opened it, so the focus goes to the first field. */
  byKeyboard: boolean;
  onBack(): void;
  onCancel(row: Flight): void;
}

export function RowEditor(props: Props) {
  const { isRemoved, context, work, state, byKeyboard, onBack, onCancel } = props;
  const { board, texts, holdsByDefault } = context;
  const key = keyOf(props.row);
  const draft = state.drafts.get(key) ?? newDraft(props.row);
  const row = newestRow(draft, props.row);
  const isReadOnly = work.isBusy(key);
  const conflicts = draftConflicts(draft, row, work.madeOf(key), context);
  const edit = editOf(draft, row, holdsByDefault, context);
  const change = (change: (draft: Draft) => Draft) => work.changeDraft(props.row, change);

  const publish = async (form: HTMLFormElement) => {
    if ("errors" in edit) return work.tell("notMade", () => texts.fixFirst);
    if (isEmpty(draft)) return work.tell("notMade", () => texts.noChange);
    const text = editText(edit.edit, texts, context);
    const isDone = await work.publish(edit.edit, () => text, props.row);
    if (isDone && form.contains(document.activeElement)) onBack();
  };
  const fieldOf = (field: FieldName) => (
    <RowField
      key={field}
      field={field}
      draft={draft}
      row={row}
      reason={"errors" in edit ? edit.errors[field] : undefined}
      conflict={conflicts.find((one) => one.field === field)}
      isReadOnly={isReadOnly}
      context={context}
      token={work.publisher.token}
      onChange={change}
    />
  );
  const { usual, more } = editorFields(board.kind);
  const isMoreOpen = more.some((field) => draft.fields[field] !== undefined);
  return (
    <EditorForm
      title={<RowTitle row={row} context={context} />}
      focusOn={byKeyboard ? "input" : "h2"}
      context={context}
      onPublish={(form) => void publish(form)}
      onBack={onBack}
    >
      {isRemoved && (
        <p class="desk-alert" role="alert">
          <Icon name="alert" /> {texts.draftOfRemoved}
        </p>
      )}
      <div class="fields">{usual.map(fieldOf)}</div>
      <details open={isMoreOpen || undefined}>
        <summary>{texts.moreFields}</summary>
        <div class="fields">{more.map(fieldOf)}</div>
        <HoldBox
          label={texts.holdWhole}
          isHeld={isLocked(draft, "flight", row, holdsByDefault)}
          isReadOnly={isReadOnly}
          onTurn={() => change((draft) => turnLock(draft, "flight", row, holdsByDefault))}
        />
      </details>
      <RowActions
        isBusy={isReadOnly}
        isTyped={!isEmpty(draft)}
        isRemoved={isRemoved}
        texts={texts}
        onDiscard={() => work.dropDraft(key)}
        onCancel={() => onCancel(row)}
      />
    </EditorForm>
  );
}

interface ActionsProps {
  isBusy: boolean;
  isTyped: boolean;
  isRemoved: boolean;
  texts: DeskLanguage;
  onDiscard(): void;
  onCancel(): void;
}

function RowActions({ isBusy, isTyped, isRemoved, texts, onDiscard, onCancel }: ActionsProps) {
  return (
    <EditorActions isBusy={isBusy} texts={texts}>
      {isTyped && (
        <button type="button" disabled={isBusy} onClick={onDiscard}>
          {texts.discard}
        </button>
      )}
      <button type="button" class="danger" disabled={isBusy || isRemoved} onClick={onCancel}>
        <Icon name="cross" /> {texts.cancelFlight}
      </button>
    </EditorActions>
  );
}

function RowTitle({ row, context }: { row: Flight; context: DeskContext }) {
  const cities = useContext(CitiesContext);
  const place = routeText(row, context.board, cities);
  const parts = [place, scheduledText(row, context), row.date, row.leg];
  return (
    <>
      <bdi>{row.flight}</bdi>{" "}
      <span class="editor-route" dir="auto">
        {parts.filter(Boolean).join(" · ")}
      </span>
    </>
  );
}
