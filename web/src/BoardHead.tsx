// The head of a page: the board's name, the time at its airport, and the state of the connection.

import type { Board } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { useCity } from "./cities.ts";
import { Foreign } from "./Foreign.tsx";
import { Icon } from "./Icon.tsx";
import type { Language } from "./language/language.ts";
import { clockText, wallMillis, zoneOf } from "./time.ts";

interface Props {
  board: Board | undefined;
  title: string;
  /** The board's time, once the server has sent it. */
  now: number | undefined;
  language: Language;
  /** The connection, then the other boards. */
  children: ComponentChildren;
}

export function BoardHead({ board, title, now, language, children }: Props) {
  return (
    <header class="head">
      <Heading board={board} title={title} />
      <p class="clock">
        {board && now !== undefined && (
          <>
            <time class="now">{clockText(now, zoneOf(board))}</time>
            <span class="date">{language.longDate(wallMillis(now, zoneOf(board)))}</span>
          </>
        )}
      </p>
      {children}
    </header>
  );
}

function Heading({ board, title }: { board: Board | undefined; title: string }) {
  const city = useCity(board?.airport);
  return (
    <div class="heading">
      <span class="mark">
        {/* Until the board is known, neither of the two pictures is right. */}
        {board && <Icon name={board.kind === "departures" ? "takeoff" : "landing"} />}
      </span>
      <div class="names">
        <h1>
          <Foreign text={title} />
        </h1>
        {board?.airport && (
          <p class="airport">
            <bdi lang="en">{city}</bdi> <bdi class="code">{board.airport}</bdi>
          </p>
        )}
      </div>
    </div>
  );
}
