// One field of a row in the editor: its value as typed, the lock against feeds, and its fault.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import { FIELDS, labelOf, type FieldName } from "../history/fields.ts";
import type { DeskContext } from "./context.ts";
import { STATES_ID } from "./StateOptions.tsx";

interface Props {
  field: FieldName;
  text: string;
  /** The value on the board, if another one is typed. */
  was: string | undefined;
  error: string | undefined;
  /** The instant that a typed time means. */
  meaning: string | undefined;
  isReadOnly: boolean;
  /** Undefined where nothing can be held. */
  isLocked: boolean | undefined;
  context: DeskContext;
  onType(text: string): void;
  onTurnLock(): void;
  /** A conflict. */
  children?: ComponentChildren;
}

export function FieldInput(props: Props) {
  const { field, text, was, error, meaning, isLocked, isReadOnly, context } = props;
  const { texts } = context;
  const id = useId();
  const label = labelOf(field, context);
  const isTime = FIELDS[field].type === "time";
  return (
    <div class="field" data-field={field} data-changed={was === undefined ? undefined : ""}>
      <label for={id}>{label}</label>
      <input
        id={id}
        value={text}
        dir="auto"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        readOnly={isReadOnly}
        list={field === "state" ? STATES_ID : undefined}
        aria-invalid={error === undefined ? undefined : "true"}
        aria-describedby={`${id}-help`}
        onInput={(event) => props.onType(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (!event.altKey || event.code !== "KeyL" || isReadOnly) return;
          event.preventDefault();
          props.onTurnLock();
        }}
      />
      {isLocked !== undefined && (
        <button
          type="button"
          class="lock"
          aria-pressed={isLocked}
          aria-keyshortcuts="Alt+L"
          // The Tab key goes from field to field; a key of its own turns the lock.
          tabIndex={-1}
          disabled={isReadOnly}
          title={isLocked ? texts.held : texts.released}
          onClick={props.onTurnLock}
        >
          <Icon name={isLocked ? "lock" : "unlock"} />
          <span class="visually-hidden">{texts.hold(label)}</span>
        </button>
      )}
      <p id={`${id}-help`} class="field-help">
        {error !== undefined && (
          <span class="field-error">
            <Icon name="alert" /> {texts.fieldReason(label, error)}
          </span>
        )}
        {meaning !== undefined && error === undefined && <span>{meaning}</span>}
        {was !== undefined && <span>{texts.was(was === "" ? texts.nothing : was)}</span>}
        {isTime && was === undefined && error === undefined && (
          <span class="visually-hidden">{texts.timeHint}</span>
        )}
      </p>
      {props.children}
    </div>
  );
}
