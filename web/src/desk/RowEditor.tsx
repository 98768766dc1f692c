// The editor of one row.

import { type Flight, keyOf } from "flightboard-client";
import { useContext, useEffect, useId, useRef } from "preact/hooks";
import { CitiesContext } from "../cities.ts";
import { Icon } from "../Icon.tsx";
import { ConflictNotice } from "./ConflictNotice.tsx";
import { isSame, type HeldName } from "./change.ts";
import { editText, meaningOf, routeText, scheduledText } from "./describe.ts";
import {
  acceptTheirs,
  draftConflicts,
  dropField,
  editOf,
  isEmpty,
  isLocked,
  newDraft,
  newestRow,
  turnLock,
  typeField,
  withTyped,
} from "./drafts.ts";
import { FieldInput } from "./FieldInput.tsx";
import {
  editorFields,
  FIELDS,
  fieldText,
  parseField,
  type FieldContext,
  type FieldName,
} from "./fields.ts";
import type { DeskLanguage } from "./language/language.ts";
import { StateOptions } from "./StateOptions.tsx";
import { parseTime } from "./typed-time.ts";
import type { DeskWork, WorkState } from "./work.ts";

export interface DeskContext extends FieldContext {
  readonly texts: DeskLanguage;
  readonly holdsByDefault: boolean;
}

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
  const cities = useContext(CitiesContext);
  const key = keyOf(props.row);
  const draft = state.drafts.get(key) ?? newDraft(props.row);
  const row = newestRow(draft, props.row);
  const states = useId();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const selector = byKeyboard ? "input" : "h2";
    form.current?.querySelector<HTMLElement>(selector)?.focus();
  }, [key]);

  const isReadOnly = work.isBusy(key);
  const conflicts = draftConflicts(draft, row, context);
  const edit = editOf(draft, row, holdsByDefault, context);
  const errors = "errors" in edit ? edit.errors : {};
  const change = (field: (draft: ReturnType<typeof newDraft>) => ReturnType<typeof newDraft>) =>
    work.changeDraft(props.row, field);

  const publish = async () => {
    if ("errors" in edit) return work.tell("notMade", () => texts.fixFirst);
    if (isEmpty(draft)) return work.tell("notMade", () => texts.noChange);
    const text = editText(edit.edit, texts, context);
    const isDone = await work.publish(edit.edit, () => text, props.row);
    if (isDone && document.activeElement?.closest("form") === form.current) onBack();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    if (event.altKey && event.code === "KeyL") {
      event.preventDefault();
      event.target.closest(".field")?.querySelector<HTMLElement>(".lock")?.click();
    }
    if (event.key !== "Enter") return;
    // Enter alone is too easily pressed to change all screens.
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) void publish();
  };

  const { usual, more } = editorFields(board.kind);
  const isMoreOpen = more.some((field) => draft.fields[field] !== undefined);
  const fieldOf = (field: FieldName) => {
    const typed = draft.fields[field];
    const text = typed?.text ?? fieldText(field, row, context);
    const reason = errors[field];
    const conflict = conflicts.find((one) => one.field === field);
    return (
      <FieldInput
        key={field}
        field={field}
        text={text}
        row={row}
        was={typed && fieldText(field, row, context)}
        error={reason && texts.reason(reason)}
        meaning={typed && meaningText(field, text, withTyped(draft, field, row, context), context)}
        isReadOnly={isReadOnly}
        isLocked={isLocked(draft, field, row, holdsByDefault)}
        context={context}
        texts={texts}
        states={states}
        onType={(text) => change((draft) => typeField(draft, field, text, row, context))}
        onTurnLock={() => change((draft) => turnLock(draft, field, row, holdsByDefault))}
      >
        {conflict && (
          <ConflictNotice
            flight={row}
            conflict={conflict}
            mine={text}
            context={context}
            texts={texts}
            token={work.publisher.token}
            onKeepTheirs={() => change((draft) => dropField(draft, field))}
            onPutMine={() => change((draft) => acceptTheirs(draft, field, conflict.theirs))}
          />
        )}
      </FieldInput>
    );
  };
  const lockWhole: HeldName = "flight";
  return (
    <form
      ref={form}
      class="editor"
      aria-labelledby={`${states}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        void publish();
      }}
      onKeyDown={onKeyDown}
    >
      <header>
        <h2 id={`${states}-title`} tabIndex={-1}>
          <bdi>{row.flight}</bdi>{" "}
          <span class="editor-route" dir="auto">
            {[routeText(row, board, cities), scheduledText(row, context), row.date, row.leg]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </h2>
        <button type="button" class="editor-back" onClick={onBack}>
          <Icon name="cross" />
          <span class="visually-hidden">{texts.back}</span>
        </button>
      </header>
      {isRemoved && (
        <p class="desk-alert" role="alert">
          <Icon name="alert" /> {texts.draftOfRemoved}
        </p>
      )}
      <StateOptions id={states} language={context.language} />
      <div class="fields">{usual.map(fieldOf)}</div>
      <details open={isMoreOpen || undefined}>
        <summary>{texts.moreFields}</summary>
        <div class="fields">{more.map(fieldOf)}</div>
        <label class="whole">
          <input
            type="checkbox"
            checked={isLocked(draft, lockWhole, row, holdsByDefault)}
            disabled={isReadOnly}
            onChange={() => change((draft) => turnLock(draft, lockWhole, row, holdsByDefault))}
          />{" "}
          {texts.holdWhole}
        </label>
      </details>
      <footer class="editor-actions">
        <button
          type="submit"
          class="primary"
          aria-keyshortcuts="Control+Enter"
          disabled={isReadOnly}
        >
          {isReadOnly ? texts.publishing : texts.publish} <kbd>Ctrl Enter</kbd>
        </button>
        {!isEmpty(draft) && (
          <button type="button" disabled={isReadOnly} onClick={() => work.dropDraft(key)}>
            {texts.discard}
          </button>
        )}
        <button
          type="button"
          class="danger"
          disabled={isReadOnly || isRemoved}
          onClick={() => onCancel(row)}
        >
          <Icon name="cross" /> {texts.cancelFlight}
        </button>
      </footer>
    </form>
  );
}

/** The instant that a typed time means; undefined for other fields. */
export function meaningText(
  field: FieldName,
  text: string,
  row: Flight,
  context: DeskContext,
): string | undefined {
  if (FIELDS[field].type !== "time" || text.trim() === "") return undefined;
  const time = parseTime(text, field as "estimated", row, context);
  if ("reason" in time) return undefined;
  const parsed = parseField(field, text, row, context);
  const isNew = "value" in parsed && !isSame(field, parsed.value, undefined);
  return isNew ? meaningOf(time.instant, row, context.texts, context) : undefined;
}
