// The list, the editor and the last changes, with the keys that go between them.

import { keyOf, type Clock, type Flight } from "flightboard-client";
import { useState } from "preact/hooks";
import type { FollowedBoard } from "../useFollowedBoard.ts";
import { CancelSheet } from "./CancelSheet.tsx";
import { ChangesPanel } from "./ChangesPanel.tsx";
import type { DeskContext } from "./context.ts";
import { DeskBar } from "./DeskBar.tsx";
import { newAddition } from "./drafts.ts";
import { EditorPane } from "./EditorPane.tsx";
import { FlightsPane } from "./FlightsPane.tsx";
import { KeysSheet } from "./KeysSheet.tsx";
import { dayOf } from "./typed-time.ts";
import { useChanges } from "./useChanges.ts";
import { useDeskKeys } from "./useDeskKeys.ts";
import { focusRow, useOpened } from "./useOpened.ts";
import { useWarningOfLoss } from "./useWarningOfLoss.ts";
import type { DeskWork, WorkState } from "./work.ts";

interface Props {
  view: FollowedBoard;
  context: DeskContext;
  query: string;
  work: DeskWork;
  state: WorkState;
  clock: Clock;
}

/** A dialog above the desk. */
type Dialog = { kind: "keys" } | { kind: "cancel"; row: Flight };

export function Workspace({ view, context, query, work, state, clock }: Props) {
  const { flights, source } = view.followed.timetable;
  const { opened, active, activeKey, setActive, open, openOther, close } = useOpened();
  const list = useChanges(context.board.name, view.followed, clock, work.publisher.token);
  const [pasted, setPasted] = useState("");
  const [dialog, setDialog] = useState<Dialog>();
  useWarningOfLoss(state.drafts.size > 0 || state.addition !== undefined || pasted !== "");

  const closeDialog = () => setDialog(undefined);
  const askToCancel = (row: Flight | undefined) => row && setDialog({ kind: "cancel", row });
  const actions = {
    onAdd() {
      if (state.addition === undefined) work.changeAddition(newAddition(today(context)));
      openOther("add");
    },
    onPaste: () => openOther("paste"),
    onUndo: () => void work.undo(),
    onKeys: () => setDialog({ kind: "keys" }),
  };
  const onCancel = () => askToCancel(flights.get(activeKey() ?? ""));
  useDeskKeys({ ...actions, onCancel, onEscape: close, onDown: focusRow });
  return (
    <div data-editing={opened ? "" : undefined}>
      <DeskBar
        {...actions}
        source={source}
        now={view.now}
        canUndo={state.done.length > 0}
        context={context}
      />
      <div class="desk-panes">
        <FlightsPane
          rows={view.rows}
          now={view.boardNow}
          query={query}
          context={context}
          active={active}
          opened={opened?.kind === "row" ? opened.key : undefined}
          drafts={state.drafts}
          flights={flights}
          onActivate={setActive}
          onOpen={open}
        />
        <div class="desk-side">
          <EditorPane
            opened={opened}
            flights={flights}
            context={context}
            work={work}
            state={state}
            pasted={pasted}
            onPasted={setPasted}
            onBack={close}
            onCancel={askToCancel}
          />
          <ChangesPanel
            context={context}
            done={state.done}
            list={list}
            work={work}
            onOpen={(flight) => open(keyOf(flight), true)}
          />
        </div>
      </div>
      <DeskDialog dialog={dialog} context={context} work={work} onClose={closeDialog} />
    </div>
  );
}

interface DialogProps {
  dialog: Dialog | undefined;
  context: DeskContext;
  work: DeskWork;
  onClose(): void;
}

function DeskDialog({ dialog, context, work, onClose }: DialogProps) {
  switch (dialog?.kind) {
    case undefined:
      return null;
    case "keys":
      return <KeysSheet language={context.language} texts={context.texts} onClose={onClose} />;
    case "cancel":
      return <CancelSheet row={dialog.row} context={context} work={work} onClose={onClose} />;
  }
}

/** At the board; empty until the server has sent its time. */
function today({ now, board }: DeskContext): string {
  return now === undefined ? "" : dayOf(now, board);
}
