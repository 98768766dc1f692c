// The contents of the table's cells. Each text of a publisher is isolated (`bdi`, `dir="auto"`): right-to-left
// names must not reorder the text around them.

import { Fragment } from "preact";
import { useCity } from "./cities.ts";
import type { Board, Flight, TimeField } from "flightboard-client";
import { Icon } from "./Icon.tsx";
import { styleOf } from "./states.ts";
import { clockTime, dayOffset, delay, zoneOf } from "./time.ts";

export function Place({ place, via }: { place: string | undefined; via: string[] | undefined }) {
  const city = useCity(place);
  return (
    <>
      <bdi class="place">{city ?? (place || <Placeholder means="unknown" />)}</bdi>
      {city !== undefined && (
        <>
          {" "}
          <span class="code">{place}</span>
        </>
      )}
      {via !== undefined && via.length > 0 && (
        <span class="aside">
          via {/* The position is the key: a stop may be listed twice. */}
          {via.map((stop, index) => (
            <Fragment key={index}>
              {index > 0 && ", "}
              <Stop place={stop} />
            </Fragment>
          ))}
        </span>
      )}
    </>
  );
}

function Stop({ place }: { place: string }) {
  return <bdi>{useCity(place) ?? place}</bdi>;
}

export function FlightNumber({ flight }: { flight: Flight }) {
  const others = flight.codeshares ?? [];
  return (
    <>
      <bdi class="number">{flight.flight}</bdi>
      {others.length > 0 && (
        <abbr class="codeshares" dir="auto" title={`also ${others.join(", ")}`}>
          <span aria-hidden="true">+{others.length}</span>
          <span class="visually-hidden">, also {others.join(", ")}</span>
        </abbr>
      )}
      {flight.airline && (
        <span class="aside airline" dir="auto">
          {flight.airline}
        </span>
      )}
    </>
  );
}

export function LocalTime(props: { flight: Flight; field: TimeField; board: Board }) {
  const { flight, field, board } = props;
  const time = flight[field];
  if (!time) return <Placeholder means="no time" />;
  const days = dayOffset(flight, field, board);
  return (
    <>
      <time datetime={time}>{clockTime(time, zoneOf(board))}</time>
      {days !== 0 && (
        <sup class="shift">
          {days > 0 ? `+${days}` : `−${-days}`}
          <span class="visually-hidden">{Math.abs(days) === 1 ? " day" : " days"}</span>
        </sup>
      )}
    </>
  );
}

export function State({ flight, board }: { flight: Flight; board: Board }) {
  const style = styleOf(flight.state);
  const minutes = delay(flight, board);
  return (
    <div class="states">
      {style ? (
        <span class="badge" data-tone={style.tone}>
          <Icon name={style.icon} />
          {style.label}
        </span>
      ) : flight.state ? (
        <span dir="auto">{flight.state}</span>
      ) : (
        !flight.remark && minutes === undefined && <Placeholder means="no announcement" />
      )}
      {minutes !== undefined && (
        <span class="badge" data-tone="late">
          <Icon name="clock" />
          Delayed {duration(minutes)}
        </span>
      )}
      {flight.remark && (
        <span class="remark" dir="auto">
          {flight.remark}
        </span>
      )}
    </div>
  );
}

function duration(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

function Placeholder({ means }: { means: string }) {
  return (
    <span class="nothing">
      <span aria-hidden="true">–</span>
      <span class="visually-hidden">{means}</span>
    </span>
  );
}
