// The followed flights, above the board.

import type { FlightKey } from "flightboard-client";
import { useContext } from "preact/hooks";
import { CitiesContext } from "../cities.ts";
import { Icon } from "../Icon.tsx";
import { City, StatusText } from "../rows/cells.tsx";
import type { SheetContext } from "../rows/FlightSheet.tsx";
import type { SortedRow } from "../rows/order.ts";
import { litTile } from "../rows/status.ts";
import { Sentence } from "../Sentence.tsx";
import { NotifyButton } from "./NotifyButton.tsx";
import { summaryOf } from "./summary.ts";

interface Props {
  rows: readonly SortedRow[];
  context: SheetContext;
  onPick(flight: FlightKey): void;
}

export function FollowedCards({ rows, context, onPick }: Props) {
  if (rows.length === 0) return null;
  return (
    <section class="followed" aria-label={context.language.followedFlights}>
      {rows.map((row) => (
        <Card key={row.key} row={row} context={context} onPick={onPick} />
      ))}
      <NotifyButton language={context.language} class="chip" />
    </section>
  );
}

function Card({ row, context, onPick }: Omit<Props, "rows"> & { row: SortedRow }) {
  const { flight } = row;
  const { board, language } = context;
  const cities = useContext(CitiesContext);
  const { status, toPlace, place, way, movement } = summaryOf(flight, context, cities);
  const name = board.kind === "arrivals" ? "belt" : "gate";
  return (
    <article class="card" data-followed={flight.flight} data-tone={status.tone}>
      <button type="button" aria-haspopup="dialog" onClick={() => onPick(flight)}>
        <bdi>{flight.flight}</bdi>
        {place && (
          <>
            {" "}
            <Sentence of={toPlace} parts={[<City place={place} />]} />
          </>
        )}
      </button>
      <strong>
        {status.icon && <Icon name={status.icon} />}
        <StatusText status={status} />
      </strong>
      {movement && <span class="movement">{movement}</span>}
      {way && (
        <span class="card-tile" data-lit={litTile(flight) === name ? "" : undefined}>
          <small>{language.columns[name]}</small> <bdi>{way}</bdi>
        </span>
      )}
    </article>
  );
}
