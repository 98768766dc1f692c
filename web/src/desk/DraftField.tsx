// One field of a draft, with its text, its meaning and its fault.

import type { Flight } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { FIELDS, fieldText, type FieldName } from "../history/fields.ts";
import { isSame } from "./change.ts";
import type { DeskContext } from "./context.ts";
import { meaningOf } from "./describe.ts";
import { typeField, withTyped, type Draft } from "./drafts.ts";
import { FieldInput } from "./FieldInput.tsx";
import { parseField, type Reason } from "./typed-fields.ts";
import { parseTime } from "./typed-time.ts";

interface Props {
  field: FieldName;
  draft: Draft;
  /** As it is on the board. */
  row: Flight;
  isNew?: boolean;
  reason: Reason | undefined;
  isReadOnly: boolean;
  /** Undefined where the field alone cannot be held. */
  isLocked: boolean | undefined;
  context: DeskContext;
  onChange(change: (draft: Draft) => Draft): void;
  onTurnLock?(): void;
  /** A conflict. */
  children?: ComponentChildren;
}

export function DraftField(props: Props) {
  const { field, draft, row, isNew = false, reason, isReadOnly, isLocked, context } = props;
  const typed = draft.fields[field];
  const text = typed?.text ?? fieldText(field, row, context);
  const others = withTyped(draft, field, row, context);
  return (
    <FieldInput
      field={field}
      text={text}
      was={typed && !isNew ? fieldText(field, row, context) : undefined}
      error={reason && context.texts.reason(reason)}
      meaning={typed && meaningText(field, text, others, context)}
      isReadOnly={isReadOnly}
      isLocked={isLocked}
      context={context}
      onType={(text) => props.onChange((draft) => typeField(draft, field, text, row, context))}
      onTurnLock={() => props.onTurnLock?.()}
    >
      {props.children}
    </FieldInput>
  );
}

/** The instant that a typed time means; undefined for other fields. */
function meaningText(
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
