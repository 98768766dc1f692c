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
  /** `h2` inside of a page with a heading of its own. */
  level?: "h1" | "h2";
  /** The connection, then the other boards. */
  children: ComponentChildren;
}

export function BoardHead({ board, title, now, language, level = "h1", children }: Props) {
  return (
    <header class="head">
      <Heading board={board} title={title} level={level} />
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

function Heading({
  board,
  title,
  level: Title,
}: Required<Pick<Props, "level">> & Pick<Props, "board" | "title">) {
  const city = useCity(board?.airport);
  return (
    <div class="heading">
      <span class="mark">
        {/* Until the board is known, neither of the two pictures is right. */}
        {board && <Icon name={board.kind === "departures" ? "takeoff" : "landing"} />}
      </span>
      <div class="names">
        <Title>
          <Foreign text={title} />
        </Title>
        {board?.airport && (
          <p class="airport">
            <bdi lang="en">{city}</bdi> <bdi class="code">{board.airport}</bdi>
          </p>
        )}
      </div>
    </div>
  );
}
