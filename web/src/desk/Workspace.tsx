// The list, the editor and the last changes, with the keys that go between them.

import { keyOf, type Clock, type Flight } from "flightboard-client";
import { useContext, useEffect, useState } from "preact/hooks";
import { CitiesContext } from "../cities.ts";
import type { FollowedBoard } from "../useFollowedBoard.ts";
import { CancelSheet } from "./CancelSheet.tsx";
import { ChangesPanel } from "./ChangesPanel.tsx";
import { DeskBar } from "./DeskBar.tsx";
import { editText, routeText, scheduledText } from "./describe.ts";
import type { Edit } from "./change.ts";
import { newAddition } from "./drafts.ts";
import { EditorPane } from "./EditorPane.tsx";
import { FlightsPane } from "./FlightsPane.tsx";
import { dayOf } from "./typed-time.ts";
import { KeysSheet } from "./KeysSheet.tsx";
import type { DeskContext } from "./RowEditor.tsx";
import { useChanges } from "./useChanges.ts";
import { useDeskKeys } from "./useDeskKeys.ts";
import { focusRow, useOpened } from "./useOpened.ts";
import type { DeskWork, WorkState } from "./work.ts";

interface Props {
  view: FollowedBoard;
  context: DeskContext;
  query: string;
  work: DeskWork;
  state: WorkState;
  clock: Clock;
}

export function Workspace({ view, context, query, work, state, clock }: Props) {
  const { language, texts, board } = context;
  const { followed, now } = view;
  const { flights, source } = followed.timetable;
  const cities = useContext(CitiesContext);
  const list = useChanges(board.name, followed, clock, work.publisher.token);
  const { opened, active, activeKey, setActive, open, openOther, close } = useOpened();
  const [pasted, setPasted] = useState("");
  const [cancelled, setCancelled] = useState<Flight>();
  const [areKeysShown, showKeys] = useState(false);
  useWarningOfLoss(state.drafts.size > 0 || state.addition !== undefined || pasted !== "");

  const add = () => {
    const day = context.now === undefined ? "" : dayOf(context.now, board);
    if (state.addition === undefined) work.changeAddition(newAddition(day));
    openOther("add");
  };
  const actions = {
    onAdd: add,
    onPaste: () => openOther("paste"),
    onUndo: () => void work.undo(),
    onKeys: () => showKeys(true),
  };
  useDeskKeys({
    ...actions,
    onCancel: () => setCancelled(flights.get(activeKey() ?? "")),
    onEscape: close,
    onDown: focusRow,
  });
  return (
    <div data-editing={opened ? "" : undefined}>
      <DeskBar
        {...actions}
        source={source}
        now={now}
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
            onCancel={setCancelled}
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
      {cancelled && (
        <CancelSheet
          flight={cancelled.flight}
          place={routeText(cancelled, board, cities)}
          time={[scheduledText(cancelled, context), cancelled.date].filter(Boolean).join(", ")}
          language={language}
          texts={texts}
          onYes={() => {
            const edit = cancellationOf(cancelled, context);
            const text = editText(edit, texts, context);
            void work.publish(edit, () => text, cancelled);
          }}
          onClose={() => setCancelled(undefined)}
        />
      )}
      {areKeysShown && (
        <KeysSheet language={language} texts={texts} onClose={() => showKeys(false)} />
      )}
    </div>
  );
}

function cancellationOf(row: Flight, { holdsByDefault }: DeskContext): Edit {
  const { flight, date, leg } = row;
  return {
    key: { flight, ...(date && { date }), ...(leg && { leg }) },
    set: { state: "cancelled" },
    seen: { state: [row.state] },
    hold: holdsByDefault ? { state: true } : {},
  };
}

/** The browser asks before it leaves a page with typed text. */
function useWarningOfLoss(isTyped: boolean): void {
  useEffect(() => {
    if (!isTyped) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isTyped]);
}
