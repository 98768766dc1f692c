// One row of the table, and its cells.

import { FlexRender, type Cell, type Row } from "@tanstack/react-table";
import { memo, useState } from "react";
import type { Highlight } from "./changes.ts";
import { fieldsOf, type Columns, type features } from "./columns.tsx";
import type { Board, Flight } from "flightboard-client";
import { styleOf } from "./states.ts";

/** Rows before the first flight, for `aria-rowindex`, which begins at 1. */
export const HEADER_ROWS = 1;

interface RowProps {
  row: Row<typeof features, Flight>;
  columns: Columns;
  board: Board;
  highlight: Highlight | undefined;
  /** Whether the highlight is news. Only read when the row appears. */
  isFresh: boolean;
  /** The position in a board that is not drawn as a whole. */
  index?: number;
  measure?: (row: HTMLTableRowElement | null) => void;
}

export const FlightRow = memo(function FlightRow(props: RowProps) {
  const { row, board, index, measure } = props;
  // A row that was scrolled into view has not changed just now.
  const [past] = useState(props.isFresh ? undefined : props.highlight);
  const highlight = props.highlight === past ? undefined : props.highlight;
  const flight = row.original;
  return (
    <tr
      ref={measure}
      role="row"
      aria-rowindex={index === undefined ? undefined : index + HEADER_ROWS + 1}
      data-index={index}
      data-flight={flight.flight}
      data-date={flight.date}
      data-leg={flight.leg}
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
  return (
    before.row.original === after.row.original &&
    before.columns === after.columns &&
    before.index === after.index
  );
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
