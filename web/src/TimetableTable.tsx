// The board's rows as a table, sorted by scheduled time.

import { FlexRender, useTable, type Cell, type Row } from "@tanstack/react-table";
import { memo, useMemo } from "react";
import type { Mark, Marks } from "./changes.ts";
import {
  byScheduledTime,
  columnsOf,
  extrasOf,
  features,
  fieldsOf,
  type Columns,
} from "./columns.tsx";
import { keyOf, type Board, type Flight } from "./flight.ts";
import type { Timetable } from "./timetable.ts";
import { firstDayOf, zoneOf } from "./time.ts";

interface Props {
  board: Board;
  flights: Timetable["flights"];
  marks: Marks;
}

// A phone shows each row as a block, for which the cells must leave `display: table-cell`, and browsers
// then forget that it is a table. The roles, otherwise implied, keep it one for screen readers.
export function TimetableTable({ board, flights, marks }: Props) {
  const data = useMemo(() => [...flights.values()], [flights]);
  const columns = useColumns(board, data);
  const table = useTable({
    features,
    columns,
    data,
    getRowId: keyOf,
    state: { sorting: byScheduledTime },
  });
  return (
    <div className="board">
      <table role="table" className="timetable">
        <caption>
          {board.title}, by scheduled time. All times are local:{" "}
          {zoneOf(board).replaceAll("_", " ")}.
        </caption>
        <thead role="rowgroup">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} role="row">
              {group.headers.map((header) => (
                <th key={header.id} role="columnheader" scope="col" data-column={header.column.id}>
                  <FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody role="rowgroup">
          {table.getRowModel().rows.map((row) => (
            <FlightRow
              key={row.id}
              row={row}
              columns={columns}
              board={board}
              mark={marks.get(row.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The same array for as long as nothing that it is made of changes, so that the rows can tell. */
function useColumns(board: Board, flights: Flight[]): Columns {
  const firstDay = firstDayOf(flights, board);
  const extras = extrasOf(flights);
  const shown = extras.join();
  return useMemo(() => columnsOf(board, firstDay, extras), [board, firstDay, shown]);
}

interface RowProps {
  row: Row<typeof features, Flight>;
  columns: Columns;
  board: Board;
  mark: Mark | undefined;
}

const FlightRow = memo(function FlightRow({ row, board, mark }: RowProps) {
  const flight = row.original;
  return (
    <tr
      role="row"
      data-flight={flight.flight}
      data-date={flight.date}
      data-state={flight.state ?? ""}
      data-mark={markOf(mark)}
    >
      {row.getAllCells().map((cell) => (
        <FlightCell key={cell.id} cell={cell} board={board} mark={mark} />
      ))}
    </tr>
  );
}, sameRow);

/** The table makes all its rows anew at each change; what a row shows, its mark too, hangs on these alone. */
function sameRow(before: RowProps, after: RowProps): boolean {
  return before.row.original === after.row.original && before.columns === after.columns;
}

interface CellProps {
  cell: Cell<typeof features, Flight>;
  board: Board;
  mark: Mark | undefined;
}

function FlightCell({ cell, board, mark }: CellProps) {
  const { column } = cell;
  const fields = fieldsOf(column.id, board);
  const changed = mark?.kind === "added" || fields.some((field) => mark?.fields.has(field));
  const header = String(column.columnDef.header);
  const attributes = {
    "data-column": column.id,
    "data-label": header,
    "data-mark": changed ? markOf(mark) : undefined,
  };
  const content = <FlexRender cell={cell} />;
  // The number names the row.
  return column.id === "flight" ? (
    <th role="rowheader" scope="row" {...attributes}>
      {content}
    </th>
  ) : (
    <td role="cell" {...attributes}>
      {content}
    </td>
  );
}

/** Two marks that look alike, by turns: a running animation starts again only under another name. */
function markOf(mark: Mark | undefined): "a" | "b" | undefined {
  if (mark === undefined) return undefined;
  return mark.turn % 2 === 0 ? "b" : "a";
}
