// The board's columns: four on every board, then one for each optional field that some row has.

import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import { FlightNumber, Place, State, LocalTime } from "./cells.tsx";
import type { Field } from "./changes.ts";
import { type Board, type Flight, otherAirport, scheduledField } from "flightboard-client";

/** The rows come in order, and all columns are shown. */
export const features = tableFeatures({});

const extras = {
  estimated: "Estimated",
  actual: "Actual",
  gate: "Gate",
  terminal: "Terminal",
  belt: "Belt",
  checkIn: "Check-in",
} as const;

export type OptionalColumn = keyof typeof extras;

export function optionalColumns(flights: Iterable<Flight>): OptionalColumn[] {
  const found = new Set<OptionalColumn>();
  const all = Object.keys(extras) as OptionalColumn[];
  for (const flight of flights) {
    for (const extra of all) if (flight[extra]) found.add(extra);
  }
  return all.filter((extra) => found.has(extra));
}

const helper = createColumnHelper<typeof features, Flight>();

export function columnsOf(board: Board, shown: readonly OptionalColumn[]) {
  const arrivals = board.kind === "arrivals";
  const scheduled = scheduledField(board.kind);
  return helper.columns([
    helper.accessor((flight) => otherAirport(flight, board.kind), {
      id: "place",
      header: arrivals ? "Origin" : "Destination",
      cell: ({ getValue, row }) => <Place place={getValue()} via={row.original.via} />,
    }),
    helper.accessor("flight", {
      header: "Flight",
      cell: ({ row }) => <FlightNumber flight={row.original} />,
    }),
    helper.accessor((flight) => flight[scheduled], {
      id: "time",
      header: arrivals ? "Arrival" : "Departure",
      cell: ({ row }) => <LocalTime flight={row.original} field={scheduled} board={board} />,
    }),
    helper.accessor("state", {
      header: "State",
      cell: ({ row }) => <State flight={row.original} board={board} />,
    }),
    ...shown.map((extra) =>
      helper.accessor(extra, {
        header: extras[extra],
        cell: ({ getValue, row }) => {
          const value = getValue();
          // The narrow layout leaves out empty cells.
          if (!value) return null;
          return extra === "estimated" || extra === "actual" ? (
            <LocalTime flight={row.original} field={extra} board={board} />
          ) : (
            <bdi>{value}</bdi>
          );
        },
      }),
    ),
  ]);
}

export type Columns = ReturnType<typeof columnsOf>;

/** The fields that a column shows: its cell is highlighted when one of them changes. */
export function fieldsOf(column: string, board: Board): Field[] {
  const arrivals = board.kind === "arrivals";
  switch (column) {
    case "place":
      return [arrivals ? "origin" : "destination", "via"];
    case "flight":
      return ["codeshares", "airline"];
    case "time":
      return [arrivals ? "arrival" : "departure"];
    case "state":
      return ["state", "remark"];
    default:
      return [column as Field];
  }
}
