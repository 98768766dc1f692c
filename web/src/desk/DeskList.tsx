// The flights of a desk: one line each, moved through by the arrow keys.

import { type Board, type Flight, otherAirport } from "flightboard-client";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useCity } from "../cities.ts";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import type { SortedRow } from "../rows/order.ts";
import { statusOf } from "../rows/status.ts";
import { isDue, timesOf } from "../rows/times.ts";
import { clockText, zoneOf } from "../time.ts";
import type { DeskLanguage } from "./language/language.ts";

/** Rows that the keys PageUp and PageDown pass. */
const PAGE_ROWS = 10;

interface Props {
  board: Board;
  rows: readonly SortedRow[];
  now: number;
  language: Language;
  texts: DeskLanguage;
  /** The row that the Tab key reaches. */
  active: string | undefined;
  /** The row in the editor. */
  opened: string | undefined;
  drafts: ReadonlyMap<string, unknown>;
  onActivate(key: string): void;
  onOpen(key: string, byKeyboard: boolean): void;
}

export function DeskList(props: Props) {
  const { board, rows, now, language, texts, active, opened, drafts, onActivate, onOpen } = props;
  const list = useRef<HTMLUListElement>(null);
  const focused = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    // A row that moves to its new place loses the focus.
    const lost = focused.current;
    if (lost?.isConnected && document.activeElement === document.body)
      lost.focus({ preventScroll: true });
  }, [rows]);

  const reachable = rows.some(({ key }) => key === active) ? active : rows[0]?.key;
  const move = (event: KeyboardEvent) => {
    const buttons = [...list.current!.querySelectorAll<HTMLElement>("[data-row]")];
    const index = buttons.indexOf(document.activeElement as HTMLElement);
    const next = nextIndex(event.key, index, buttons.length);
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    buttons[next]?.focus();
  };
  return (
    <ul
      ref={list}
      class="desk-list"
      aria-label={texts.flights}
      onKeyDown={move}
      onFocusIn={({ target }) => (focused.current = target as HTMLElement)}
      onFocusOut={({ relatedTarget }) => relatedTarget && (focused.current = null)}
    >
      {rows.map(({ key, flight }) => (
        <DeskRow
          key={key}
          id={key}
          flight={flight}
          board={board}
          isDue={isDue(flight, board, now)}
          language={language}
          texts={texts}
          isReachable={key === reachable}
          isOpened={key === opened}
          isDraft={drafts.has(key)}
          onActivate={onActivate}
          onOpen={onOpen}
        />
      ))}
    </ul>
  );
}

function nextIndex(key: string, index: number, count: number): number | undefined {
  const last = count - 1;
  switch (key) {
    case "ArrowDown":
      return Math.min(index + 1, last);
    case "ArrowUp":
      return Math.max(index - 1, 0);
    case "PageDown":
      return Math.min(index + PAGE_ROWS, last);
    case "PageUp":
      return Math.max(index - PAGE_ROWS, 0);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}

interface RowProps {
  id: string;
  flight: Flight;
  board: Board;
  isDue: boolean;
  language: Language;
  texts: DeskLanguage;
  isReachable: boolean;
  isOpened: boolean;
  isDraft: boolean;
  onActivate(key: string): void;
  onOpen(key: string, byKeyboard: boolean): void;
}

const DeskRow = memo(function DeskRow(props: RowProps) {
  const { id, flight, board, isDue, language, texts, isReachable, isOpened, isDraft } = props;
  const place = otherAirport(flight, board.kind);
  const city = useCity(place) ?? place;
  const status = statusOf(flight, board, isDue, language);
  const { scheduled, revised } = timesOf(flight, board);
  const zone = zoneOf(board);
  const where = board.kind === "departures" ? flight.gate : (flight.belt ?? flight.gate);
  return (
    <li data-flight={flight.flight} data-date={flight.date} data-state={flight.state}>
      <button
        type="button"
        class="desk-row"
        data-row
        tabIndex={isReachable ? 0 : -1}
        aria-current={isOpened ? "true" : undefined}
        onFocus={() => props.onActivate(id)}
        onClick={(event) => props.onOpen(id, event.detail === 0)}
      >
        <span class="desk-time">
          {revised === undefined ? null : (
            <>
              <s>{scheduled !== undefined && clockText(scheduled, zone)}</s>{" "}
              <b>{clockText(revised, zone)}</b>
            </>
          )}
          {revised === undefined && scheduled !== undefined && clockText(scheduled, zone)}
        </span>{" "}
        <span class="desk-number">
          <bdi>{flight.flight}</bdi>
        </span>{" "}
        <span class="desk-place" dir="auto">
          {city}
        </span>{" "}
        <span class="desk-where" data-field={board.kind === "departures" ? "gate" : "belt"}>
          <bdi>{where}</bdi>
        </span>{" "}
        <span
          class="desk-status"
          data-tone={status.tone}
          dir={status.isForeign ? "auto" : undefined}
        >
          {status.text}
        </span>{" "}
        <span class="desk-marks">
          {flight.held?.length ? (
            <span title={texts.held}>
              <Icon name="lock" />
              <span class="visually-hidden">{texts.held}</span>
            </span>
          ) : null}
          {isDraft && (
            <span class="desk-draft" title={texts.draft}>
              <Icon name="pen" />
              <span class="visually-hidden">{texts.draft}</span>
            </span>
          )}
        </span>
      </button>
    </li>
  );
});
