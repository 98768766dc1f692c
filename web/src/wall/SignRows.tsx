// The flights of a sign: the next one large, the later ones below.

import type { Board, Clock, Flight } from "flightboard-client";
import { useMemo, useRef } from "preact/hooks";
import type { FollowerState } from "../follower.ts";
import type { Language } from "../language/language.ts";
import { columnsOf, type Column } from "../rows/columns.ts";
import { FlightRow } from "../rows/FlightRow.tsx";
import { countdown, isDue } from "../rows/times.ts";
import { useFittingTexts } from "./fit.ts";
import { NumberTurnProvider, TurningNumber } from "./flight-number.tsx";
import type { SignRow } from "./sign.ts";

interface Props {
  rows: readonly SignRow[];
  clock: Clock;
  language: Language;
  followed: readonly FollowerState[];
}

/** The sign itself says which gate or belt it is. */
const COLUMNS = ["time", "place", "flight", "status"];

export function SignRows({ rows, clock, language, followed }: Props) {
  const [next, ...later] = rows;
  const columns = useSignColumns(rows[0]?.board, language);
  const table = useRef<HTMLDivElement>(null);
  useFittingTexts(table);
  const draw = ({ row: { key, flight }, board, now }: SignRow) => (
    <FlightRow
      key={key}
      board={board}
      columns={columns}
      language={language}
      hasTerminals={false}
      number={TurningNumber}
      flight={flight}
      countdown={countdown(flight, board, now)}
      isDue={isDue(flight, board, now)}
      isOver={false}
      highlight={highlightOf(followed, board, key)}
      isFresh={true}
      index={undefined}
    />
  );
  return (
    <NumberTurnProvider clock={clock} first={0}>
      <div role="table" class="timetable" ref={table} aria-label={language.columns.flight}>
        <div role="rowgroup" class="page next">
          {next && draw(next)}
        </div>
        {later.length > 0 && (
          <div role="rowgroup" class="page later">
            {later.map(draw)}
          </div>
        )}
      </div>
    </NumberTurnProvider>
  );
}

function useSignColumns(board: Board | undefined, language: Language): readonly Column[] {
  const kind = board?.kind;
  return useMemo(() => {
    const none: Flight[] = [];
    return board ? columnsOf({ ...board, columns: COLUMNS }, none, language) : [];
  }, [kind, language]);
}

function highlightOf(followed: readonly FollowerState[], board: Board, key: string) {
  return followed.find(({ timetable }) => timetable.board === board)?.highlights.get(key);
}
