// The board's columns: four on every board, then one for each optional field that some row has.

import type { ComponentChildren } from "preact";
import { FlightNumber, Place, State, LocalTime } from "./cells.tsx";
import type { Field } from "./changes.ts";
import { type Board, type Flight, otherAirport, scheduledField } from "flightboard-client";

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

export interface Column {
  id: string;
  header: string;
  cell(flight: Flight): ComponentChildren;
}

export type Columns = readonly Column[];

export function columnsOf(board: Board, shown: readonly OptionalColumn[]): Columns {
  const arrivals = board.kind === "arrivals";
  const scheduled = scheduledField(board.kind);
  return [
    {
      id: "place",
      header: arrivals ? "Origin" : "Destination",
      cell: (flight) => <Place place={otherAirport(flight, board.kind)} via={flight.via} />,
    },
    {
      id: "flight",
      header: "Flight",
      cell: (flight) => <FlightNumber flight={flight} />,
    },
    {
      id: "time",
      header: arrivals ? "Arrival" : "Departure",
      cell: (flight) => <LocalTime flight={flight} field={scheduled} board={board} />,
    },
    {
      id: "state",
      header: "State",
      cell: (flight) => <State flight={flight} board={board} />,
    },
    ...shown.map((extra) => ({
      id: extra,
      header: extras[extra],
      cell: (flight: Flight) => <Extra flight={flight} field={extra} board={board} />,
    })),
  ];
}

function Extra(props: { flight: Flight; field: OptionalColumn; board: Board }) {
  const { flight, field, board } = props;
  const value = flight[field];
  // The narrow layout leaves out empty cells.
  if (!value) return null;
  return field === "estimated" || field === "actual" ? (
    <LocalTime flight={flight} field={field} board={board} />
  ) : (
    <bdi>{value}</bdi>
  );
}

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
