// One field of a row in the editor: its draft, the lock against feeds, and a conflict with somebody else.

import type { Flight } from "flightboard-client";
import { fieldText, type FieldName } from "../history/fields.ts";
import type { Conflict } from "./change.ts";
import { ConflictNotice } from "./ConflictNotice.tsx";
import type { DeskContext } from "./context.ts";
import { DraftField } from "./DraftField.tsx";
import { acceptTheirs, dropField, isLocked, turnLock, type Draft } from "./drafts.ts";
import type { Reason } from "./typed-fields.ts";

interface Props {
  field: FieldName;
  draft: Draft;
  row: Flight;
  reason: Reason | undefined;
  conflict: Conflict | undefined;
  isReadOnly: boolean;
  context: DeskContext;
  /** With which the server is asked for the origin of a conflict. */
  token: string | undefined;
  onChange(change: (draft: Draft) => Draft): void;
}

export function RowField(props: Props) {
  const { field, draft, row, reason, conflict, isReadOnly, context, token, onChange } = props;
  const { holdsByDefault } = context;
  return (
    <DraftField
      field={field}
      draft={draft}
      row={row}
      reason={reason}
      isReadOnly={isReadOnly}
      isLocked={isLocked(draft, field, row, holdsByDefault)}
      context={context}
      onChange={onChange}
      onTurnLock={() => onChange((draft) => turnLock(draft, field, row, holdsByDefault))}
    >
      {conflict && (
        <ConflictNotice
          flight={row}
          conflict={conflict}
          mine={draft.fields[field]?.text ?? fieldText(field, row, context)}
          context={context}
          texts={context.texts}
          token={token}
          onKeepTheirs={() => onChange((draft) => dropField(draft, field))}
          onPutMine={() => onChange((draft) => acceptTheirs(draft, field, conflict.theirs))}
        />
      )}
    </DraftField>
  );
}
