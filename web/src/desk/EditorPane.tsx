// The editor of the opened row, of a new one, or of many.

import { keyOf, type Flight } from "flightboard-client";
import { useRef } from "preact/hooks";
import { AddEditor } from "./AddEditor.tsx";
import type { DeskContext } from "./context.ts";
import { PasteEditor } from "./PasteEditor.tsx";
import { RowEditor } from "./RowEditor.tsx";
import type { Opened } from "./useOpened.ts";
import type { DeskWork, WorkState } from "./work.ts";

interface Props {
  opened: Opened | undefined;
  flights: ReadonlyMap<string, Flight>;
  context: DeskContext;
  work: DeskWork;
  state: WorkState;
  pasted: string;
  onPasted(text: string): void;
  onBack(): void;
  onCancel(row: Flight): void;
}

export function EditorPane(props: Props) {
  const { opened, flights, context, work, state, pasted, onPasted, onBack, onCancel } = props;
  const { texts } = context;
  /** The opened row, also after it has left the board. */
  const last = useRef<Flight>(undefined);
  const current = opened?.kind === "row" ? flights.get(opened.key) : undefined;
  if (current) last.current = current;

  switch (opened?.kind) {
    case undefined:
      return (
        <section class="desk-pick">
          <h2>{texts.pick}</h2>
          <p>{texts.pickHint}</p>
        </section>
      );
    case "row": {
      const isLast = last.current !== undefined && keyOf(last.current) === opened.key;
      const row =
        current ?? state.drafts.get(opened.key)?.row ?? (isLast ? last.current : undefined);
      return (
        row && (
          <RowEditor
            key={opened.key}
            row={row}
            isRemoved={current === undefined}
            context={context}
            work={work}
            state={state}
            byKeyboard={opened.byKeyboard}
            onBack={onBack}
            onCancel={onCancel}
          />
        )
      );
    }
    case "add":
      return (
        state.addition && (
          <AddEditor
            addition={state.addition}
            isReadOnly={state.busy.size > 0 || state.unknown.length > 0}
            context={context}
            work={work}
            onBack={onBack}
            onAdded={onBack}
          />
        )
      );
    case "paste":
      return (
        <PasteEditor
          text={pasted}
          rows={flights}
          context={context}
          work={work}
          onType={onPasted}
          onBack={onBack}
        />
      );
  }
}
