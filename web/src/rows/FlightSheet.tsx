// All that the board knows of a flight.

import { type Flight, otherAirport, scheduledField } from "flightboard-client";
import { Fragment, type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import { clockTime, zoneOf } from "../time.ts";
import { City, Places } from "./cells.tsx";
import type { ListContext } from "./HourGroup.tsx";
import { statusOf } from "./status.ts";
import { isDue } from "./times.ts";

interface Props {
  flight: Flight;
  context: ListContext;
  onClose(): void;
}

export function FlightSheet({ flight, context, onClose }: Props) {
  const { board, language, now } = context;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // The browser gives the focus back to the row when the dialog closes, and closes it on Escape.
    dialog.current?.showModal();
  }, []);
  const place = otherAirport(flight, board.kind);
  const status = statusOf(flight, board, isDue(flight, board, now), language);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="sheet-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="sheet-body">
        <header>
          <h2 id="sheet-title">
            <bdi>{flight.flight}</bdi>{" "}
            {place && (
              <span class="sheet-place">
                {board.kind === "arrivals" ? language.from : language.to} <City place={place} />
              </span>
            )}
          </h2>
          <button type="button" class="sheet-close" onClick={() => dialog.current?.close()}>
            <Icon name="cross" />
            <span class="visually-hidden">{language.close}</span>
          </button>
        </header>
        <p class="state" data-tone={status.tone}>
          {status.icon && <Icon name={status.icon} />}
          <span dir={status.isForeign ? "auto" : undefined}>{status.text}</span>
        </p>
        <dl>
          {detailsOf(flight, context).map(([term, value]) => (
            <Fragment key={term}>
              <dt>{term}</dt>
              <dd dir="auto">{value}</dd>
            </Fragment>
          ))}
        </dl>
      </div>
    </dialog>
  );
}

function detailsOf(flight: Flight, { board, language }: ListContext) {
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
