// Asks whether a flight is to be cancelled, by its name, and cancels it.

import type { Flight } from "flightboard-client";
import { useContext } from "preact/hooks";
import { CitiesContext } from "../cities.ts";
import { Sheet } from "../rows/Sheet.tsx";
import { cancellationOf } from "./change.ts";
import type { DeskContext } from "./context.ts";
import { editText, routeText, scheduledText } from "./describe.ts";
import type { DeskWork } from "./work.ts";

interface Props {
  row: Flight;
  context: DeskContext;
  work: DeskWork;
  onClose(): void;
}

export function CancelSheet({ row, context, work, onClose }: Props) {
  const { board, language, texts, holdsByDefault } = context;
  const place = routeText(row, board, useContext(CitiesContext));
  const time = [scheduledText(row, context), row.date].filter(Boolean).join(", ");
  const cancel = () => {
    const edit = cancellationOf(row, holdsByDefault);
    const text = editText(edit, texts, context);
    void work.publish(edit, () => text, row);
  };
  return (
    <Sheet title={texts.cancelFlight} language={language} onClose={onClose}>
      <p dir="auto">{texts.cancelQuestion(row.flight, place, time)}</p>
      <p class="editor-actions">
        {/* The dialog gives it the focus. */}
        <button
          type="button"
          class="danger"
          autofocus
          onClick={(event) => {
            cancel();
            event.currentTarget.closest("dialog")?.close();
          }}
        >
          {texts.cancelYes(row.flight)}
        </button>
        <button type="button" onClick={(event) => event.currentTarget.closest("dialog")?.close()}>
          {texts.goBack}
        </button>
      </p>
    </Sheet>
  );
}
