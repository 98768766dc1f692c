// The board's rows as a table, sorted by scheduled time.

import { FlexRender, useTable, type Cell, type Row } from "@tanstack/react-table";
import { memo, useMemo } from "react";
import type { Highlight, Highlights } from "./changes.ts";
import { columnsOf, optionalColumns, features, fieldsOf, type Columns } from "./columns.tsx";
import { keyOf, type Board, type Flight } from "./flight.ts";
import { inOrder } from "./order.ts";
import { styleOf } from "./states.ts";
import type { Timetable } from "./timetable.ts";
import { zoneOf } from "./time.ts";

interface Props {
  board: Board;
  flights: Timetable["flights"];
  highlights: Highlights;
}

// On a phone each row is a block, so its cells cannot be `display: table-cell`, and browsers then drop the
// table's implied roles. The explicit roles keep it a table for screen readers.
export function TimetableTable({ board, flights, highlights }: Props) {
  const data = useMemo(() => inOrder(flights, board), [flights, board]);
  const columns = useColumns(board, data);
  const table = useTable({ features, columns, data, getRowId: keyOf });
  return (
    <div className="board">
      <table role="table" className="timetable">
        <caption>
          <bdi>{board.title}</bdi>, by scheduled time. All times are local:{" "}
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
              highlight={highlights.get(row.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Returns the same array until an input changes, so that rows can compare it by identity. */
function useColumns(board: Board, flights: Flight[]): Columns {
  const extras = optionalColumns(flights);
  const shown = extras.join();
  return useMemo(() => columnsOf(board, extras), [board, shown]);
}

interface RowProps {
  row: Row<typeof features, Flight>;
  columns: Columns;
  board: Board;
  highlight: Highlight | undefined;
}

const FlightRow = memo(function FlightRow({ row, board, highlight }: RowProps) {
  const flight = row.original;
  return (
    <tr
      role="row"
      data-flight={flight.flight}
      data-date={flight.date}
      data-state={flight.state ?? ""}
      data-tone={styleOf(flight.state)?.tone}
      data-highlight={highlightName(highlight)}
    >
      {row.getAllCells().map((cell) => (
        <FlightCell key={cell.id} cell={cell} board={board} highlight={highlight} />
      ))}
    </tr>
  );
}, sameRow);

/** The table recreates all rows at each change. A row's output, its highlight included, depends only on these. */
function sameRow(before: RowProps, after: RowProps): boolean {
  return before.row.original === after.row.original && before.columns === after.columns;
}

interface CellProps {
  cell: Cell<typeof features, Flight>;
  board: Board;
  highlight: Highlight | undefined;
}

function FlightCell({ cell, board, highlight }: CellProps) {
  const { column } = cell;
  const fields = fieldsOf(column.id, board);
  const changed =
    highlight?.kind === "added" || fields.some((field) => highlight?.fields.has(field));
  const header = String(column.columnDef.header);
  const attributes = {
    "data-column": column.id,
    "data-label": header,
    "data-highlight": changed ? highlightName(highlight) : undefined,
  };
  const content = <FlexRender cell={cell} />;
  // The flight number is the row's header.
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

/** Alternates between two equal animations: a running one restarts only under another name. */
function highlightName(highlight: Highlight | undefined): "a" | "b" | undefined {
  if (highlight === undefined) return undefined;
  return highlight.turn % 2 === 0 ? "b" : "a";
}
