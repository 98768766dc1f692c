// The board's rows as a table, sorted by scheduled time.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Highlights } from "./changes.ts";
import { columnsOf, optionalColumns, type Columns } from "./columns.tsx";
import type { Board, Timetable } from "flightboard-client";
import { FlightRow, HEADER_ROWS } from "./FlightRow.tsx";
import { RowOrder } from "./order.ts";
import { zoneLabel, zoneOf } from "./time.ts";
import { useDrawnRows } from "./useDrawnRows.ts";

interface Props {
  board: Board;
  flights: Timetable["flights"];
  highlights: Highlights;
}

// On a phone each row is a block, so its cells cannot be `display: table-cell`, and browsers then drop the
// table's implied roles. The explicit roles keep it a table for screen readers.
export function TimetableTable({ board, flights, highlights }: Props) {
  const [order] = useState(() => new RowOrder());
  const sorted = useMemo(() => order.of(flights, board), [order, flights, board]);
  const element = useRef<HTMLTableElement>(null);
  const drawn = useDrawnRows(sorted, element);
  const { isWhole, start, end } = drawn;
  const columns = useColumns(board, flights);
  const shown = useRef<Highlights>(new Map());
  useEffect(() => {
    shown.current = highlights;
  }, [highlights]);
  return (
    <div class="board">
      <table
        ref={element}
        role="table"
        class="timetable"
        aria-rowcount={isWhole ? undefined : sorted.length + HEADER_ROWS}
      >
        <caption>
          <bdi>{board.title}</bdi>, by scheduled time. All times are local:{" "}
          {zoneLabel(zoneOf(board))}.
          {drawn.isExcerpt && ` Rows ${start + 1} to ${end} of ${sorted.length}.`}
        </caption>
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={isWhole ? undefined : HEADER_ROWS}>
            {columns.map(({ id, header }) => (
              <th key={id} role="columnheader" scope="col" data-column={id}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        {!isWhole && <Spacer height={drawn.before} />}
        <tbody role="rowgroup">
          {sorted.slice(start, end).map(({ key, flight }, offset) => (
            <FlightRow
              key={key}
              flight={flight}
              columns={columns}
              board={board}
              highlight={highlights.get(key)}
              isFresh={highlights.get(key) !== shown.current.get(key)}
              {...(!isWhole && { index: start + offset, measure: drawn.measure })}
            />
          ))}
        </tbody>
        {!isWhole && <Spacer height={drawn.after} />}
      </table>
    </div>
  );
}

/** The room of rows that are not drawn. */
function Spacer({ height }: { height: number }) {
  return (
    <tbody class="spacer" aria-hidden="true">
      <tr>
        <td style={{ height }} />
      </tr>
    </tbody>
  );
}

/** Returns the same array until an input changes, so that rows can compare it by identity. */
function useColumns(board: Board, flights: Timetable["flights"]): Columns {
  const extras = useMemo(() => optionalColumns(flights.values()), [flights]);
  const shown = extras.join();
  return useMemo(() => columnsOf(board, extras), [board, shown]);
}
