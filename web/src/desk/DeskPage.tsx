// The desk of a board, for its publishers: the rows, an editor, and the last changes.

import { keyOf, type Flight, type FlightKey } from "flightboard-client";
import { useSyncExternalStore } from "preact/compat";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { BoardHead } from "../BoardHead.tsx";
import { buildOf } from "../build.ts";
import { CitiesContext, useCities } from "../cities.ts";
import { ConnectionStatus } from "../ConnectionStatus.tsx";
import { AbsentBoard, ClosedBoard } from "../EmptyBoard.tsx";
import type { Environment } from "../environment.ts";
import { SearchField } from "../finding/SearchField.tsx";
import { SearchIndex } from "../finding/search.ts";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { splitRows, type SortedRow } from "../rows/order.ts";
import { boardPath, urlOf } from "../route.ts";
import { SignIn } from "../SignIn.tsx";
import { SourceLine } from "../SourceLine.tsx";
import { StaleNotice } from "../StaleNotice.tsx";
import { wallMillis, zoneOf } from "../time.ts";
import { useFollowedBoard } from "../useFollowedBoard.ts";
import { AddEditor } from "./AddEditor.tsx";
import { CancelSheet } from "./CancelSheet.tsx";
import { ChangesPanel } from "./ChangesPanel.tsx";
import { DeskList } from "./DeskList.tsx";
import { editText, routeText, scheduledText } from "./describe.ts";
import { newAddition } from "./drafts.ts";
import { KeysSheet } from "./KeysSheet.tsx";
import type { DeskLanguage } from "./language/language.ts";
import { Notices } from "./Notices.tsx";
import { PasteEditor } from "./PasteEditor.tsx";
import { RowEditor, type DeskContext } from "./RowEditor.tsx";
import { TokenForm } from "./TokenForm.tsx";
import { useChanges } from "./useChanges.ts";
import { useDeskKeys } from "./useDeskKeys.ts";
import { DeskWork } from "./work.ts";
import "./desk.css";

interface Props {
  name: string;
  environment: Environment;
  language: Language;
  texts: DeskLanguage;
}

/** The content of the editor's place. */
type Opened =
  { kind: "row"; key: string; byKeyboard: boolean } | { kind: "add" } | { kind: "paste" };

export function DeskPage({ name, environment: own, language, texts }: Props) {
  const [newBuild, setNewBuild] = useState(false);
  // A reload would lose typed text and the token: here a person chooses the moment.
  const environment = useMemo<Environment>(() => {
    const build = buildOf(document);
    const onBuild = (other: string) => setNewBuild(build !== undefined && other !== build);
    return { ...own, onBuild };
  }, [own]);
  const view = useFollowedBoard(name, environment);
  const { followed, follower, connection, rows, boardNow, now, isInDoubt, isLive } = view;
  const { timetable, clockOffset } = followed;
  const { board, source, flights } = timetable;
  const cities = useCities(board, flights, environment);
  const work = useMemo(() => new DeskWork(name, environment.clock), [name, environment]);
  const state = useSyncExternalStore(work.subscribe, work.state);
  const list = useChanges(name, followed, environment.clock, work.publisher.token);

  const [query, setQuery] = useState("");
  const [isEarlierShown, showEarlier] = useState(false);
  const [active, setActive] = useState<string>();
  const [opened, setOpened] = useState<Opened>();
  const [pasted, setPasted] = useState("");
  const [cancelled, setCancelled] = useState<Flight>();
  const [areKeysShown, showKeys] = useState(false);
  /** The opened row, also after it has left the board. */
  const lastRow = useRef<Flight>(undefined);

  const isConnected = connection.status === "live";
  useEffect(() => {
    if (!isConnected) return;
    void work.checkAccess();
    work.repeatAll();
  }, [work, isConnected]);
  useWarningOfLoss(state.drafts.size > 0 || state.addition !== undefined || pasted !== "");
  useEffect(() => {
    document.title = `${texts.title(board?.title ?? name)} · flightboard`;
  }, [texts, board, name]);

  const sourceName = source?.name;
  const holdsByDefault = sourceName !== undefined;
  const minute = clockOffset === undefined ? undefined : boardNow;
  const context = useMemo<DeskContext | undefined>(
    () => (board ? { board, language, texts, holdsByDefault, now: minute } : undefined),
    [board, language, texts, holdsByDefault, minute],
  );

  const index = useMemo(
    () => new SearchIndex(board?.kind ?? "departures", cities),
    [board?.kind, cities],
  );
  const parts = useMemo(() => splitRows(rows, boardNow), [rows, boardNow]);
  const shown = useMemo(() => {
    if (query.trim() !== "") return currentFirst(index.find(rows, query), boardNow);
    return isEarlierShown ? rows : parts.current;
  }, [isEarlierShown, index, rows, query, parts, boardNow]);

  const open = useCallback((key: string, byKeyboard: boolean) => {
    setActive(key);
    setOpened({ kind: "row", key, byKeyboard });
  }, []);
  const openFlight = useCallback((flight: FlightKey) => open(keyOf(flight), true), [open]);
  const focusRow = useCallback(() => {
    const row =
      document.querySelector<HTMLElement>(".desk-row[aria-current]") ??
      document.querySelector<HTMLElement>('.desk-row[tabindex="0"]');
    row?.focus();
  }, []);
  const close = useCallback(() => {
    // On a phone the list is not there while the editor is.
    document.querySelector("main")?.removeAttribute("data-editing");
    focusRow();
    setOpened(undefined);
  }, [focusRow]);
  const add = () => {
    const day = minute === undefined || !board ? "" : dayOf(minute, zoneOf(board));
    if (state.addition === undefined) work.changeAddition(newAddition(day));
    setOpened({ kind: "add" });
  };
  const askToCancel = (row: Flight | undefined) => row && setCancelled(row);
  const cancel = (row: Flight) => {
    if (!context) return;
    const { flight, date, leg } = row;
    const edit = {
      key: { flight, ...(date && { date }), ...(leg && { leg }) },
      set: { state: "cancelled" },
      seen: { state: [row.state] },
      hold: holdsByDefault ? { state: true } : {},
    };
    const text = editText(edit, texts, context);
    void work.publish(edit, () => text, row);
  };

  useDeskKeys({
    onAdd: add,
    onPaste: () => setOpened({ kind: "paste" }),
    onUndo: () => void work.undo(),
    onKeys: () => showKeys(true),
    onCancel: () => askToCancel(flights.get(activeKey() ?? "")),
    onEscape: close,
    onDown: focusRow,
  });
  /** The row that has the focus, else the one in the editor. */
  const activeKey = () => {
    if (document.activeElement?.closest(".desk-list")) return active;
    return opened?.kind === "row" ? opened.key : active;
  };

  const current = opened?.kind === "row" ? flights.get(opened.key) : undefined;
  if (current) lastRow.current = current;
  const isSame = opened?.kind === "row" && lastRow.current && keyOf(lastRow.current) === opened.key;
  const row = current ?? (isSame ? lastRow.current : undefined);

  const signIn = async (token: string) => {
    await work.signIn(token);
  };
  const ended = ["closed", "absent", "denied"].includes(connection.status);
  return (
    <CitiesContext.Provider value={cities}>
      <BoardHead
        board={board ?? undefined}
        title={texts.title(board?.title ?? name)}
        now={minute}
        language={language}
      >
        <SearchField query={query} language={language} onSearch={setQuery} />
        <nav class="boards">
          <ul>
            <li>
              <a href={urlOf(boardPath(name))}>{texts.toBoard}</a>
            </li>
          </ul>
        </nav>
        <ConnectionStatus
          connection={connection}
          isSourceLate={isInDoubt}
          timeZone={board ? zoneOf(board) : undefined}
          language={language}
          onStop={follower.stop}
          onResume={follower.resume}
          onSignOut={undefined}
        />
      </BoardHead>
      <main
        class="desk"
        data-known={isLive ? "" : undefined}
        data-editing={opened ? "" : undefined}
      >
        {newBuild && (
          <p class="desk-notice" role="status">
            <Icon name="alert" /> {texts.newPage}{" "}
            <button type="button" onClick={() => window.location.reload()}>
              {texts.reload}
            </button>
          </p>
        )}
        <Notices state={state} work={work} texts={texts} />
        {state.access.kind === "denied" && connection.status !== "denied" && (
          <TokenForm access={state.access} texts={texts} onSignIn={signIn} />
        )}
        {connection.status === "denied" && (
          <SignIn
            hadRows={connection.hadRows}
            detail={connection.detail}
            language={language}
            onSignIn={async (token) => {
              const refusal = await environment.signIn(token);
              if (refusal !== undefined) return refusal;
              await work.signIn(token);
              await follower.changeAccess();
              return undefined;
            }}
          />
        )}
        {connection.status === "closed" && (
          <ClosedBoard reason={connection.reason} language={language} />
        )}
        {connection.status === "absent" && !context && (
          <AbsentBoard name={name} language={language} />
        )}
        {!context && !ended && <p class="waiting">{language.placeholder.waiting}</p>}
        {context && connection.status !== "denied" && timetable.closed === null && (
          <>
            <div class="desk-bar">
              <button type="button" aria-keyshortcuts="a" onClick={add}>
                {texts.add} <kbd>A</kbd>
              </button>
              <button
                type="button"
                aria-keyshortcuts="p"
                onClick={() => setOpened({ kind: "paste" })}
              >
                {texts.paste} <kbd>P</kbd>
              </button>
              <button
                type="button"
                aria-keyshortcuts="Control+Z"
                disabled={state.done.length === 0}
                onClick={() => void work.undo()}
              >
                {texts.undo} <kbd>Ctrl Z</kbd>
              </button>
              <button type="button" aria-keyshortcuts="?" onClick={() => showKeys(true)}>
                {texts.keys} <kbd>?</kbd>
              </button>
              {source && (
                <SourceLine
                  source={source}
                  now={now}
                  timeZone={zoneOf(context.board)}
                  language={language}
                />
              )}
              <p class="desk-hold">
                <Icon name="lock" />{" "}
                <span dir="auto">
                  {sourceName === undefined
                    ? texts.holdsByChoice
                    : texts.holdsByDefault(sourceName)}
                </span>
              </p>
            </div>
            <div class="desk-panes">
              <section class="desk-flights" aria-label={texts.flights}>
                {query.trim() === "" && parts.earlier.length > 0 && (
                  <button
                    type="button"
                    class="earlier-toggle"
                    aria-expanded={isEarlierShown}
                    onClick={() => showEarlier(!isEarlierShown)}
                  >
                    <Icon name={isEarlierShown ? "down" : "up"} />{" "}
                    {isEarlierShown
                      ? language.hideEarlierFlights
                      : language.earlierFlights(parts.earlier.length)}
                  </button>
                )}
                {shown.length === 0 && (
                  <p>{rows.length === 0 ? language.placeholder.noFlights : texts.notFound}</p>
                )}
                <DeskList
                  board={context.board}
                  rows={shown}
                  now={boardNow}
                  language={language}
                  texts={texts}
                  active={active}
                  opened={opened?.kind === "row" ? opened.key : undefined}
                  drafts={state.drafts}
                  onActivate={setActive}
                  onOpen={open}
                />
              </section>
              <div class="desk-side">
                <div class="desk-editor">
                  {opened === undefined && (
                    <section class="desk-pick">
                      <h2>{texts.pick}</h2>
                      <p>{texts.pickHint}</p>
                    </section>
                  )}
                  {opened?.kind === "row" && row && (
                    <RowEditor
                      key={opened.key}
                      row={row}
                      isRemoved={current === undefined}
                      context={context}
                      work={work}
                      state={state}
                      byKeyboard={opened.byKeyboard}
                      onBack={close}
                      onCancel={askToCancel}
                    />
                  )}
                  {opened?.kind === "add" && state.addition && (
                    <AddEditor
                      addition={state.addition}
                      isReadOnly={state.busy.size > 0 || state.unknown.length > 0}
                      context={context}
                      work={work}
                      onBack={close}
                      onAdded={close}
                    />
                  )}
                  {opened?.kind === "paste" && (
                    <PasteEditor
                      text={pasted}
                      rows={flights}
                      context={context}
                      work={work}
                      onType={setPasted}
                      onBack={close}
                    />
                  )}
                </div>
                <ChangesPanel
                  context={context}
                  done={state.done}
                  list={list}
                  work={work}
                  onOpen={openFlight}
                />
              </div>
            </div>
            <StaleNotice
              connection={connection}
              lateSource={view.lateSource}
              overdueSince={view.overdueSince}
              timeZone={zoneOf(context.board)}
              language={language}
            />
          </>
        )}
      </main>
      {cancelled && context && (
        <CancelSheet
          flight={cancelled.flight}
          place={routeText(cancelled, context.board, cities)}
          time={[scheduledText(cancelled, context), cancelled.date].filter(Boolean).join(", ")}
          language={language}
          texts={texts}
          onYes={() => cancel(cancelled)}
          onClose={() => setCancelled(undefined)}
        />
      )}
      {areKeysShown && (
        <KeysSheet language={language} texts={texts} onClose={() => showKeys(false)} />
      )}
    </CitiesContext.Provider>
  );
}

/** Flights that are over are seldom looked for. */
function currentFirst(rows: readonly SortedRow[], now: number): readonly SortedRow[] {
  const isOver = ({ overAt }: SortedRow) => overAt <= now;
  return [...rows.filter((row) => !isOver(row)), ...rows.filter(isOver)];
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

function dayOf(instant: number, zone: string): string {
  return new Date(wallMillis(instant, zone)).toISOString().slice(0, 10);
}
