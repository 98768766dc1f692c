// The details of a flight.

import { type Flight, otherAirport, scheduledField } from "flightboard-client";
import { Fragment, type ComponentChildren } from "preact";
import { Foreign } from "../Foreign.tsx";
import { Icon } from "../Icon.tsx";
import { Sentence } from "../Sentence.tsx";
import { clockTime, zoneOf } from "../time.ts";
import { City, Places, StatusText } from "./cells.tsx";
import type { ListContext } from "./HourGroup.tsx";
import { Progress } from "./Progress.tsx";
import { Sheet } from "./Sheet.tsx";
import { statusOf } from "./status.ts";
import { isDue } from "./times.ts";

interface Props {
  flight: Flight;
  context: SheetContext;
  onClose(): void;
  /** Actions of a reader on the flight. */
  children: ComponentChildren;
}

export type SheetContext = Pick<ListContext, "board" | "language" | "now">;

export function FlightSheet({ flight, context, onClose, children }: Props) {
  const { board, language, now } = context;
  const place = otherAirport(flight, board.kind);
  const status = statusOf(flight, board, isDue(flight, board, now), language);
  return (
    <Sheet
      language={language}
      onClose={onClose}
      title={
        <>
          <bdi>{flight.flight}</bdi>{" "}
          {place && (
            <span class="sheet-place">
              <Sentence
                of={board.kind === "arrivals" ? language.fromPlace : language.toPlace}
                parts={[<City place={place} />]}
              />
            </span>
          )}
        </>
      }
    >
      <p class="state" data-tone={status.tone}>
        {status.icon && <Icon name={status.icon} />}
        <StatusText status={status} />
      </p>
      <Progress flight={flight} board={board} language={language} />
      <dl>
        {detailsOf(flight, context).map(([term, value]) => (
          <Fragment key={term}>
            <dt>{term}</dt>
            <dd>{typeof value === "string" ? <Foreign text={value} /> : value}</dd>
          </Fragment>
        ))}
      </dl>
      {children}
    </Sheet>
  );
}

function detailsOf(flight: Flight, { board, language }: SheetContext) {
  const { columns } = language;
  const zone = zoneOf(board);
  const scheduled = scheduledField(board.kind);
  const other = scheduled === "arrival" ? "departure" : "arrival";
  const time = (text: string | undefined) => text && clockTime(text, zone);
  const all: [string, ComponentChildren][] = [
    [language.date, flight.date],
    [columns[scheduled], time(flight[scheduled])],
    [columns.estimated, time(flight.estimated)],
    [columns.actual, time(flight.actual)],
    [columns.gate, flight.gate],
    [columns.terminal, flight.terminal],
    [columns.checkIn, flight.checkIn],
    [columns.belt, flight.belt],
    [columns.stand, flight.stand],
    [columns.via, flight.via?.length && <Places places={flight.via} />],
    [columns.airline, flight.airline],
    [columns.codeshares, flight.codeshares?.join(", ")],
    [columns.aircraft, flight.aircraft],
    [columns[other], time(flight[other])],
    [columns.remark, flight.remark],
  ];
  return all.filter(([, value]) => value);
}
