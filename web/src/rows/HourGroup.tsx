// The rows of an hour, below its name.

import type { Board } from "flightboard-client";
import { memo } from "preact/compat";
import type { Highlights } from "../changes.ts";
import type { Language } from "../language/language.ts";
import { zoneOf } from "../time.ts";
import type { Column } from "./columns.ts";
import { FlightRow } from "./FlightRow.tsx";
import { hourTitle, type HourRows } from "./hours.ts";
import type { SortedRow } from "./order.ts";
import { countdown, isDue } from "./times.ts";

/** Values that all rows of a list share. */
export interface ListContext {
  readonly board: Board;
  readonly columns: readonly Column[];
  readonly language: Language;
  /** The board's time, in whole minutes. */
  readonly now: number;
  readonly hasTerminals: boolean;
}

interface GroupProps {
  group: HourRows;
  context: ListContext;
  /** The first rows that are drawn, all of them if it is greater than their number. */
  drawnRows: number;
  isHidden: boolean;
  highlights: Highlights;
  shown: Highlights;
  /** Of the hour's name, on a board that is not drawn as a whole. */
  index: number | undefined;
  observe(element: HTMLElement | null): void;
}

export const HourGroup = memo(function HourGroup(props: GroupProps) {
  const { group, context, drawnRows, isHidden, index, observe } = props;
  const { board, columns, language, now } = context;
  const title = hourTitle(group, now, zoneOf(board), language);
  return (
    <div
      role="rowgroup"
      class="hour"
      hidden={isHidden}
      ref={observe}
      data-undrawn={drawnRows < group.rows.length ? "" : undefined}
      style={{ "--rows": String(group.rows.length) }}
    >
      <div role="row" class="hour-name" aria-rowindex={index}>
        <div role="rowheader" aria-colspan={columns.length} aria-colindex={1}>
          {title}
        </div>
      </div>
      {group.rows.slice(0, drawnRows).map((row, offset) => (
        <Row key={row.key} row={row} offset={offset} {...props} />
      ))}
    </div>
  );
}, sameGroup);

function Row(props: GroupProps & { row: SortedRow; offset: number }) {
  const { row, offset, context, highlights, shown, index } = props;
  const { key, flight, overAt } = row;
  const { now, ...shared } = context;
  return (
    <FlightRow
      {...shared}
      flight={flight}
      countdown={countdown(flight, context.board, now)}
      isDue={isDue(flight, context.board, now)}
      isOver={overAt <= now}
      highlight={highlights.get(key)}
      isFresh={highlights.get(key) !== shown.get(key)}
      index={index === undefined ? undefined : index + 1 + offset}
    />
  );
}

/** The rows of an hour that has not changed have the same highlights. */
function sameGroup(before: GroupProps, after: GroupProps): boolean {
  return (
    before.context === after.context &&
    drawnOf(before) === drawnOf(after) &&
    before.isHidden === after.isHidden &&
    before.index === after.index &&
    before.observe === after.observe &&
    before.group.hour === after.group.hour &&
    before.group.initial === after.group.initial &&
    before.group.rows.length === after.group.rows.length &&
    before.group.rows.every((row, index) => row === after.group.rows[index])
  );
}

function drawnOf({ group, drawnRows }: GroupProps): number {
  return Math.min(group.rows.length, drawnRows);
}
