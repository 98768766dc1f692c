// One row, and its cells.

import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import type { Highlight } from "../changes.ts";
import { styleOf } from "../states.ts";
import { cellContent, type CellContext } from "./cells.tsx";
import type { Column } from "./columns.ts";

export interface RowProps extends CellContext {
  columns: readonly Column[];
  isOver: boolean;
  highlight: Highlight | undefined;
  /** Whether the highlight is news. Only read when the row appears. */
  isFresh: boolean;
  /** For `aria-rowindex`, on a board that is not drawn as a whole. */
  index: number | undefined;
}

// The elements have explicit roles, since a grid of CSS has none, and browsers drop those of a table that is laid out
// as one. Positions (`aria-colindex`) keep each cell below its heading where a narrow screen leaves some out.
export const FlightRow = memo(function FlightRow(props: RowProps) {
  const { flight, columns } = props;
  // A row that was scrolled into view has not changed just now.
  const [past] = useState(props.isFresh ? undefined : props.highlight);
  const highlight = props.highlight === past ? undefined : props.highlight;
  return (
    <div
      role="row"
      class="row"
      aria-rowindex={props.index}
      data-flight={flight.flight}
      data-date={flight.date}
      data-leg={flight.leg}
      data-state={flight.state ?? ""}
      data-tone={styleOf(flight.state)?.tone}
      data-over={props.isOver ? "" : undefined}
      data-highlight={highlightName(highlight)}
    >
      {columns.map((column, index) => (
        <div
          key={column.name}
          // The flight number is the row's header.
          role={column.name === "flight" ? "rowheader" : "cell"}
          aria-colindex={index + 1}
          data-column={column.name}
          data-slot={column.slot}
          data-label={column.heading}
          data-highlight={isMarked(column, highlight) ? highlightName(highlight) : undefined}
        >
          {cellContent(column, props)}
        </div>
      ))}
    </div>
  );
}, sameRow);

/** A row's output, its highlight included, depends only on these. */
function sameRow(before: RowProps, after: RowProps): boolean {
  return (
    before.flight === after.flight &&
    before.columns === after.columns &&
    before.board === after.board &&
    before.language === after.language &&
    before.countdown === after.countdown &&
    before.isDue === after.isDue &&
    before.isOver === after.isOver &&
    before.hasTerminals === after.hasTerminals &&
    before.index === after.index
  );
}

function isMarked({ fields }: Column, highlight: Highlight | undefined): boolean {
  if (highlight === undefined) return false;
  return highlight.kind === "added" || fields.some((field) => highlight.fields.has(field));
}

/** Alternates between two equal animations: a running one restarts only under another name. */
function highlightName(highlight: Highlight | undefined): "a" | "b" | undefined {
  if (highlight === undefined) return undefined;
  return highlight.turn % 2 === 0 ? "b" : "a";
}
