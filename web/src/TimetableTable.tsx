// The board's rows as a table, sorted by scheduled time.

import { FlexRender, useTable } from "@tanstack/react-table";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Highlights } from "./changes.ts";
import { columnsOf, optionalColumns, features, type Columns } from "./columns.tsx";
import { type Board, keyOf, type Timetable } from "flightboard-client";
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
  const data = useMemo(
    () => sorted.slice(start, end).map(({ flight }) => flight),
    [sorted, start, end],
  );
  const columns = useColumns(board, flights);
  const table = useTable({ features, columns, data, getRowId: keyOf });
  const shown = useRef<Highlights>(new Map());
  useEffect(() => {
    shown.current = highlights;
  }, [highlights]);
  return (
    <div className="board">
      <table
        ref={element}
        role="table"
        className="timetable"
        aria-rowcount={isWhole ? undefined : sorted.length + HEADER_ROWS}
      >
        <caption>
          <bdi>{board.title}</bdi>, by scheduled time. All times are local:{" "}
          {zoneLabel(zoneOf(board))}.
          {drawn.isExcerpt && ` Rows ${start + 1} to ${end} of ${sorted.length}.`}
        </caption>
        <thead role="rowgroup">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} role="row" aria-rowindex={isWhole ? undefined : HEADER_ROWS}>
              {group.headers.map((header) => (
                <th key={header.id} role="columnheader" scope="col" data-column={header.column.id}>
                  <FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        {!isWhole && <Spacer height={drawn.before} />}
        <tbody role="rowgroup">
          {table.getRowModel().rows.map((row) => (
            <FlightRow
              key={row.id}
              row={row}
              columns={columns}
              board={board}
              highlight={highlights.get(row.id)}
              isFresh={highlights.get(row.id) !== shown.current.get(row.id)}
              {...(!isWhole && { index: start + row.index, measure: drawn.measure })}
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
    <tbody className="spacer" aria-hidden="true">
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
