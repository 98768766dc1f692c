// The contents of a row's cells. Each text of a publisher is isolated (`bdi`, `dir="auto"`): right-to-left names must
// not reorder the text around them.

import type { Board, Flight, TimeField } from "flightboard-client";
import { scheduledField } from "flightboard-client";
import { Fragment, type ComponentChildren, type ComponentType } from "preact";
import { useCity } from "../cities.ts";
import { useSoldAs } from "../finding/search.ts";
import { Foreign } from "../Foreign.tsx";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { languageOfScript } from "../language/script.ts";
import { Sentence } from "../Sentence.tsx";
import { clockText, clockTime, dayOffset, zoneOf } from "../time.ts";
import { isTimeField, placeOf, type Column } from "./columns.ts";
import { isPastDesk, litTile, plainStatus, statusOf, type Status } from "./status.ts";
import { isSettled, timesOf } from "./times.ts";

export interface CellContext {
  readonly flight: Flight;
  readonly board: Board;
  readonly language: Language;
  /** Minutes until it moves, if a traveller should count them. */
  readonly countdown: number | undefined;
  readonly isDue: boolean;
  /** Whether the terminal tells the board's rows apart. */
  readonly hasTerminals: boolean;
  /** Shows the number where a row is not opened by it. */
  readonly number?: ComponentType<Pick<CellContext, "flight" | "language">>;
}

export function cellContent(column: Column, context: CellContext): ComponentChildren {
  const { name } = column;
  const { flight, board, language, number: Number = FlightNumber } = context;
  switch (name) {
    case "time":
      return <Times {...context} />;
    case "place":
    case "origin":
    case "destination": {
      const isPlain = name !== "place" && board.columns?.includes("via") === true;
      const via = isPlain ? undefined : flight.via;
      return <Place place={placeOf(name, flight, board.kind)} via={via} language={language} />;
    }
    case "flight":
      return <Number flight={flight} language={language} />;
    case "status":
      return <StatusBlock status={statusOf(flight, board, context.isDue, language)} {...context} />;
    case "state":
      return <StatusBlock status={plainStatus(flight, language)} {...context} />;
    case "gate":
    case "belt":
      return <Tile name={name} {...context} />;
    case "checkIn":
      return !isPastDesk(flight) && flight.checkIn && <bdi>{flight.checkIn}</bdi>;
    case "via":
      return <Places places={flight.via ?? []} />;
    case "codeshares":
      return flight.codeshares?.map((number, index) => (
        <Fragment key={index}>
          {index > 0 && ", "}
          <bdi>{number}</bdi>
        </Fragment>
      ));
    default:
      return isTimeField(name) ? (
        <PlainTime field={name} {...context} />
      ) : (
        flight[name] && <Foreign text={flight[name]} />
      );
  }
}

/** The scheduled time, struck if there is a new one beside it. */
function Times({ flight, board, language, countdown }: CellContext) {
  const zone = zoneOf(board);
  const { revised } = timesOf(flight, board);
  const time = flight[scheduledField(board.kind)];
  if (!time && revised === undefined) return <Nothing means={language.noTime} />;
  return (
    <>
      {time && revised === undefined && <time datetime={time}>{clockTime(time, zone)}</time>}
      {time && revised !== undefined && <s>{clockTime(time, zone)}</s>}
      {revised !== undefined && (
        <strong class="revised" data-settled={isSettled(flight) ? "" : undefined}>
          <span class="visually-hidden">, {language.newTime} </span>
          <time datetime={new Date(revised).toISOString()}>{clockText(revised, zone)}</time>
        </strong>
      )}
      {countdown !== undefined && <span class="aside">{language.until(countdown)}</span>}
    </>
  );
}

function PlainTime(props: CellContext & { field: TimeField }) {
  const { flight, field, board, language } = props;
  const time = flight[field];
  if (!time) return <Nothing means={language.noTime} />;
  const days = dayOffset(flight, field, board);
  return (
    <>
      <time datetime={time}>{clockTime(time, zoneOf(board))}</time>
      {days !== 0 && (
        <sup class="shift" dir="ltr">
          {days > 0 ? `+${days}` : `−${-days}`}
          <span class="visually-hidden" dir={language.direction}>
            {language.dayOffset(days)}
          </span>
        </sup>
      )}
    </>
  );
}

interface PlaceProps {
  place: string | undefined;
  via: readonly string[] | undefined;
  language: Language;
}

function Place({ place, via, language }: PlaceProps) {
  const city = useCity(place);
  return (
    <>
      <span class="line">
        {/* The same element when the name comes: nothing that is measured on it is lost. */}
        <bdi class="place" lang={languageOfPlace(place, city)}>
          {city ?? (place || <Nothing means={language.unknown} />)}
        </bdi>
        {city !== undefined && (
          <>
            {" "}
            <bdi class="code">{place}</bdi>
          </>
        )}
      </span>
      {via !== undefined && via.length > 0 && (
        <span class="aside">
          <Sentence of={language.via} parts={[<Places places={via} />]} />
        </span>
      )}
    </>
  );
}

/** The position is the key: a stop may be listed twice. */
export function Places({ places }: { places: readonly string[] }) {
  return places.map((place, index) => (
    <Fragment key={index}>
      {index > 0 && ", "}
      <City place={place} />
    </Fragment>
  ));
}

export function City({ place }: { place: string }) {
  const city = useCity(place);
  return <bdi lang={languageOfPlace(place, city)}>{city ?? place}</bdi>;
}

/** The server's names are English. */
function languageOfPlace(place: string | undefined, city: string | undefined): string | undefined {
  return city === undefined ? place && languageOfScript(place) : "en";
}

/** The button opens the flight's details. */
function FlightNumber({ flight, language }: Pick<CellContext, "flight" | "language">) {
  const others = flight.codeshares ?? [];
  const soldAs = useSoldAs(flight);
  return (
    <>
      <button type="button" class="open" aria-haspopup="dialog">
        <bdi class="number">{flight.flight}</bdi>
      </button>
      {(flight.airline || others.length > 0) && (
        <span class="aside" data-sold={soldAs}>
          {soldAs && <span class="sold-as">{language.soldAs(soldAs)} </span>}
          {flight.airline && <Foreign class="airline" text={flight.airline} />}
          {others.length > 0 && (
            <span class="codeshares">
              <span aria-hidden="true" dir="ltr">
                +{others.length}
              </span>
              <span class="visually-hidden">
                <Sentence
                  of={language.alsoSoldAs}
                  parts={[<bdi>{others.reduce(language.joined)}</bdi>]}
                />
              </span>
            </span>
          )}
        </span>
      )}
    </>
  );
}

function StatusBlock(props: CellContext & { status: Status | undefined }) {
  const { status, flight, language } = props;
  return (
    <>
      {status !== undefined && (
        <span class="state" data-tone={status.tone} data-remarked={flight.remark ? "" : undefined}>
          {status.icon && <Icon name={status.icon} />}
          <StatusText status={status} />
        </span>
      )}
      {status === undefined && !flight.remark && <Nothing means={language.noAnnouncement} />}
      {flight.remark && (
        <span class="aside" dir="auto" lang={languageOfScript(flight.remark)}>
          {flight.remark}
        </span>
      )}
    </>
  );
}

export function StatusText({ status: { text, isForeign } }: { status: Status }) {
  return isForeign ? (
    <span class="text" dir="auto" lang={languageOfScript(text)}>
      {text}
    </span>
  ) : (
    <span class="text">{text}</span>
  );
}

function Tile(props: CellContext & { name: "gate" | "belt" }) {
  const { name, flight, board, hasTerminals } = props;
  const isWay = name === (board.kind === "arrivals" ? "belt" : "gate");
  const terminal = hasTerminals && isWay ? flight.terminal : undefined;
  const value = flight[name];
  if (!value && !terminal) return null;
  return (
    <span class="tile" data-lit={litTile(flight) === name ? "" : undefined}>
      {terminal && <bdi class="terminal">{terminal}</bdi>}
      {terminal && value && <span class="dot"> · </span>}
      {value && <bdi class="value">{value}</bdi>}
    </span>
  );
}

export function Nothing({ means }: { means: string }) {
  return (
    <span class="nothing">
      <span aria-hidden="true">–</span>
      <span class="visually-hidden">{means}</span>
    </span>
  );
}
