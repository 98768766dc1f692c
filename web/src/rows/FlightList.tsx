// The rows of a board: those of now, and the earlier ones behind a button.

import type { FlightKey } from "flightboard-client";
import type { ComponentChildren } from "preact";
import {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "preact/hooks";
import type { Highlights } from "../changes.ts";
import { Icon } from "../Icon.tsx";
import { zoneLabel, zoneOf } from "../time.ts";
import type { Column } from "./columns.ts";
import { HourGroup, type ListContext } from "./HourGroup.tsx";
import type { HourRows } from "./hours.ts";
import type { SplitRows } from "./order.ts";
import { useDrawnGroups } from "./useDrawnGroups.ts";

interface Props extends SplitRows {
  context: ListContext;
  highlights: Highlights;
  /** The same function until the order of the rows changes. */
  groupRows(rows: SplitRows["current"]): HourRows[];
  onPick(flight: FlightKey): void;
  /** Above the headings on each sheet of paper. */
  printedHead?: ComponentChildren;
}

/** Of the headings, for `aria-rowindex`, which begins at 1. */
const HEADING_INDEX = 1;

export function FlightList(props: Props) {
  const { earlier, current, context, highlights, groupRows, onPick } = props;
  const { board, columns, language, hasTerminals } = context;
  const zone = zoneOf(board);
  const caption = useId();
  const [isOpen, toggle, button] = useEarlierRows();
  const now = useMemo(() => groupRows(current), [current, groupRows]);
  const before = useMemo(() => groupRows(earlier), [earlier, groupRows]);
  // A reader comes for the flights of now, so the earlier ones are drawn last.
  const drawn = useDrawnGroups(useMemo(() => [...now, ...before], [now, before]));
  const { isWhole, printed } = drawn;
  const shown = useRef<Highlights>(new Map());
  useEffect(() => {
    shown.current = highlights;
  }, [highlights]);

  const hasButton = earlier.length > 0;
  const openRows = isOpen ? earlier.length + before.length : 0;
  let index = HEADING_INDEX + 1;
  const draw = (group: HourRows, order: number, isHidden: boolean) => {
    const element = (
      <HourGroup
        key={`${order < now.length} ${group.isEarlier} ${group.hour} ${group.initial}`}
        group={group}
        context={context}
        drawnRows={drawn.drawnRows(order)}
        isHidden={isHidden}
        highlights={highlights}
        shown={shown.current}
        index={isWhole ? undefined : index}
        observe={drawn.observerOf(order)}
      />
    );
    if (!isHidden) index += group.rows.length + 1;
    return element;
  };
  const earlierGroups = before.map((group, at) => draw(group, now.length + at, !isOpen));
  if (hasButton) index += 1;
  const rows = openRows + Number(hasButton) + current.length + now.length + HEADING_INDEX;
  return (
    <div class="board">
      <div
        role="table"
        class="timetable"
        aria-label={board.title}
        aria-describedby={caption}
        aria-colcount={columns.length}
        aria-rowcount={isWhole ? undefined : rows}
        style={{ "--columns": columns.map(({ name }) => trackOf(name, hasTerminals)).join(" ") }}
        onClick={(event) => {
          const flight = pickedFlight(event);
          if (flight) onPick(flight);
        }}
        onKeyDown={moveBetweenRows}
      >
        <div role="rowgroup" class="headings">
          {props.printedHead}
          <div role="row" aria-rowindex={isWhole ? undefined : HEADING_INDEX}>
            {columns.map(({ name, heading, slot }, position) => (
              <div
                key={name}
                role="columnheader"
                aria-colindex={position + 1}
                data-column={name}
                data-slot={slot}
              >
                {heading}
              </div>
            ))}
          </div>
        </div>
        {earlierGroups}
        {hasButton && (
          <div role="rowgroup" class="earlier">
            <div role="row">
              <div role="cell" aria-colspan={columns.length} aria-colindex={1}>
                <button ref={button} type="button" aria-expanded={isOpen} onClick={toggle}>
                  <Icon name={isOpen ? "down" : "up"} />
                  {isOpen ? language.hideEarlierFlights : language.earlierFlights(earlier.length)}
                </button>
              </div>
            </div>
          </div>
        )}
        {now.map((group, order) => draw(group, order, false))}
      </div>
      <p class="caption" id={caption}>
        {language.caption(zoneLabel(zone))}
        {printed && ` ${language.rowsOf(...printedRows(printed, [...now, ...before]))}`}
      </p>
    </div>
  );
}

/** Firefox lays out rows that come onto the screen some frames later, and their heights differ from the estimates. */
const SETTLING_FRAMES = 10;

/** A reader who does something meanwhile is not brought back. */
const READER_EVENTS = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/** Whether the earlier rows are open. The rows below the button stay in place. */
function useEarlierRows() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const top = useRef<number | undefined>(undefined);
  const toggle = useCallback(() => {
    top.current = button.current?.getBoundingClientRect().top;
    setOpen((open) => !open);
  }, []);
  useLayoutEffect(() => {
    const wanted = top.current;
    if (wanted === undefined) return;
    top.current = undefined;
    const ended = new AbortController();
    const end = () => ended.abort();
    const options = { signal: ended.signal, capture: true, passive: true };
    for (const type of READER_EVENTS) document.addEventListener(type, end, options);
    const keepInPlace = (frames: number) => {
      if (ended.signal.aborted || !button.current) return;
      window.scrollBy(0, button.current.getBoundingClientRect().top - wanted);
      if (frames > 0) requestAnimationFrame(() => keepInPlace(frames - 1));
      else end();
    };
    keepInPlace(SETTLING_FRAMES);
    return end;
  }, [isOpen]);
  return [isOpen, toggle, button] as const;
}

/** The row on which a reader clicks or presses Enter. */
function pickedFlight({ target }: Event): FlightKey | undefined {
  const row = (target as Element).closest<HTMLElement>("[data-flight]");
  // A dialog would cover selected text.
  if (!row || document.getSelection()?.isCollapsed === false) return undefined;
  // The focus comes back here when the details close.
  row.querySelector<HTMLElement>(".open")?.focus({ preventScroll: true });
  const { flight = "", date, leg } = row.dataset;
  return { flight, ...(date !== undefined && { date }), ...(leg !== undefined && { leg }) };
}

/** The arrow keys go from one flight to the next, over those that are hidden. */
function moveBetweenRows(event: KeyboardEvent) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const from = (event.target as Element).closest(".open");
  if (step === 0 || from === null) return;
  const table = event.currentTarget as HTMLElement;
  const buttons = [...table.querySelectorAll<HTMLElement>(".hour:not([hidden]) .open")];
  const next = buttons[buttons.indexOf(from as HTMLElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function printedRows(
  { start, end }: { start: number; end: number },
  groups: readonly HourRows[],
): [number, number, number] {
  const count = (some: readonly HourRows[]) => some.reduce((sum, { rows }) => sum + rows.length, 0);
  const first = count(groups.slice(0, start));
  return [first + 1, first + count(groups.slice(start, end)), count(groups)];
}

/** The width of a column on a wide screen. */
function trackOf(name: Column["name"], hasTerminals: boolean): string {
  switch (name) {
    case "place":
    case "origin":
    case "destination":
      return "minmax(0, 2fr)";
    case "time":
      return rem(8.6);
    case "status":
    case "state":
      return `minmax(0, ${rem(14.5)})`;
    case "flight":
      return "minmax(0, 1.2fr)";
    case "gate":
    case "belt":
      return hasTerminals ? `minmax(0, ${rem(8)})` : `minmax(0, ${rem(6)})`;
    case "terminal":
    case "checkIn":
    case "stand":
      return `minmax(0, ${rem(6)})`;
    case "arrival":
    case "departure":
    case "estimated":
    case "actual":
      return rem(6.5);
    default:
      return "minmax(0, 1fr)";
  }
}

/** The font size of the document, or of an element in a page of others. */
function rem(count: number): string {
  return `calc(${count} * var(--unit, 1rem))`;
}
