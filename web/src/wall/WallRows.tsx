// A page of rows on a wall. Numbers take turns with those of codeshares, and changed cells flap.

import type { Board, Clock, Flight } from "flightboard-client";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Highlights } from "../changes.ts";
import type { Language } from "../language/language.ts";
import { columnsOf, terminalsDiffer, type Column } from "../rows/columns.ts";
import { FlightRow } from "../rows/FlightRow.tsx";
import type { SortedRow } from "../rows/order.ts";
import { countdown, isDue } from "../rows/times.ts";
import { useFittingTexts } from "./fit.ts";
import { NumberTurnProvider, TurningNumber } from "./flight-number.tsx";

interface Props {
  board: Board;
  /** All rows of the wall: they choose the columns, so that these are the same on all pages. */
  all: readonly SortedRow[];
  page: readonly SortedRow[];
  now: number;
  clock: Clock;
  language: Language;
  highlights: Highlights;
  /** Of the turns of a flight's numbers: a page that is shown again continues where it was. */
  firstNumber: number;
}

export function WallRows(props: Props) {
  const { board, all, page, now, clock, language, highlights, firstNumber } = props;
  const flights = useMemo(() => all.map(({ flight }) => flight), [all]);
  const columns = useColumns(board, flights, language);
  const hasTerminals = useMemo(() => terminalsDiffer(flights), [flights]);
  // A row that comes with a turn of the page has not changed just now.
  const [shown] = useState(highlights);
  const table = useRef<HTMLDivElement>(null);
  useFittingTexts(table);
  return (
    <NumberTurnProvider clock={clock} first={firstNumber}>
      <div
        role="table"
        class="timetable"
        ref={table}
        aria-label={board.title}
        style={{ "--columns": columns.map(({ name }) => trackOf(name, hasTerminals)).join(" ") }}
      >
        <div role="rowgroup" class="headings">
          <div role="row">
            {columns.map(({ name, heading, slot }) => (
              <div key={name} role="columnheader" data-column={name} data-slot={slot}>
                {heading}
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" class="page">
          {page.map(({ key, flight }) => (
            <FlightRow
              key={key}
              board={board}
              columns={columns}
              language={language}
              hasTerminals={hasTerminals}
              number={TurningNumber}
              flight={flight}
              countdown={countdown(flight, board, now)}
              isDue={isDue(flight, board, now)}
              isOver={false}
              highlight={highlights.get(key)}
              isFresh={highlights.get(key) !== shown.get(key)}
              index={undefined}
            />
          ))}
        </div>
      </div>
    </NumberTurnProvider>
  );
}

/** The same object until the columns differ, so that rows can compare it by identity. */
function useColumns(
  board: Board,
  flights: readonly Flight[],
  language: Language,
): readonly Column[] {
  const fresh = columnsOf(board, flights, language);
  const names = fresh.map(({ name }) => name).join();
  return useMemo(() => fresh, [board, language, names]);
}

/** The width of a column in heights of the root's type; `cqi` is a part of the width of the wall, of which a screen may have two. */
function trackOf(name: Column["name"], hasTerminals: boolean): string {
  switch (name) {
    case "place":
    case "origin":
    case "destination":
      return "minmax(0, 2.4fr)";
    case "time":
      return "clamp(9.8rem, 14cqi, 10.2rem)";
    case "status":
    case "state":
      return "clamp(12.5rem, 19cqi, 15.5rem)";
    case "flight":
      return "minmax(7rem, 1fr)";
    case "gate":
    case "belt":
      return hasTerminals ? "minmax(0, 7.6rem)" : "minmax(0, 4.6rem)";
    case "terminal":
    case "checkIn":
    case "stand":
      return "minmax(0, 4.6rem)";
    case "arrival":
    case "departure":
    case "estimated":
    case "actual":
      return "5rem";
    default:
      return "minmax(0, 1fr)";
  }
}
