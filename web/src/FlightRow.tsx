// One row of the table, and its cells.

import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import type { Highlight } from "./changes.ts";
import { fieldsOf, type Column, type Columns } from "./columns.tsx";
import type { Board, Flight } from "flightboard-client";
import { styleOf } from "./states.ts";

/** Rows before the first flight, for `aria-rowindex`, which begins at 1. */
export const HEADER_ROWS = 1;

interface RowProps {
  flight: Flight;
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
  const { flight, columns, board, index, measure } = props;
  // A row that was scrolled into view has not changed just now.
  const [past] = useState(props.isFresh ? undefined : props.highlight);
  const highlight = props.highlight === past ? undefined : props.highlight;
  return (
    <tr
      ref={measure ?? null}
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
      {columns.map((column) => (
        <FlightCell
          key={column.id}
          column={column}
          flight={flight}
          board={board}
          highlight={highlight}
        />
      ))}
    </tr>
  );
}, sameRow);

/** A row's output, its highlight included, depends only on these. */
function sameRow(before: RowProps, after: RowProps): boolean {
  return (
    before.flight === after.flight &&
    before.columns === after.columns &&
    before.index === after.index
  );
}

interface CellProps {
  column: Column;
  flight: Flight;
  board: Board;
  highlight: Highlight | undefined;
}

function FlightCell({ column, flight, board, highlight }: CellProps) {
  const fields = fieldsOf(column.id, board);
  const changed =
    highlight?.kind === "added" || fields.some((field) => highlight?.fields.has(field));
  const attributes = {
    "data-column": column.id,
    "data-label": column.header,
    "data-highlight": changed ? highlightName(highlight) : undefined,
  };
  const content = column.cell(flight);
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
