// The head of a page: the board's name, the time at its airport, and the state of the connection.

import type { Board } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { useCity } from "./cities.ts";
import { iconWithoutBoard } from "./ConnectionStatus.tsx";
import { Foreign } from "./Foreign.tsx";
import { Icon, type IconName } from "./Icon.tsx";
import type { Language } from "./language/language.ts";
import { clockText, wallMillis, zoneOf } from "./time.ts";
import { boardTimeOf, type BoardView } from "./useFollowedBoard.ts";

interface Props {
  board: Board | undefined;
  title: string;
  /** The picture until the board is known, which has its own. */
  icon?: IconName | undefined;
  /** The board's time, once the server has sent it. */
  now: number | undefined;
  language: Language;
  /** `h2` inside of a page with a heading of its own. */
  level?: "h1" | "h2";
  /** The connection, then the other boards. */
  children?: ComponentChildren;
}

export function BoardHead(props: Props) {
  const { board, title, icon, now, language, level = "h1", children } = props;
  return (
    <header class="head">
      <div class="titles">
        <Heading board={board} title={title} level={level} icon={icon} />
        <BoardClock board={board} now={now} language={language} />
      </div>
      {children}
    </header>
  );
}

interface FollowedProps extends Pick<Props, "title" | "language" | "level" | "children"> {
  view: BoardView;
  /** The board as others name it, until the view has it. */
  listed?: Board | undefined;
}

/** The head of a board that the page follows. */
export function FollowedHead({ view, listed, ...more }: FollowedProps) {
  const { followed, connection } = view;
  return (
    <BoardHead
      board={followed.timetable.board ?? listed}
      icon={iconWithoutBoard(connection)}
      now={boardTimeOf(view)}
      {...more}
    />
  );
}

/** The time and the day at the board, once the server has sent its time. */
export function BoardClock({ board, now, language }: Pick<Props, "board" | "now" | "language">) {
  return (
    <p class="clock">
      {board && now !== undefined && (
        <>
          <time class="now">{clockText(now, zoneOf(board))}</time>
          <span class="date">{language.longDate(wallMillis(now, zoneOf(board)))}</span>
        </>
      )}
    </p>
  );
}

function Heading({
  board,
  title,
  icon,
  level: Title,
}: Required<Pick<Props, "level">> & Pick<Props, "board" | "title" | "icon">) {
  const city = useCity(board?.airport);
  const shown = board ? (board.kind === "departures" ? "takeoff" : "landing") : icon;
  return (
    <div class="heading">
      <span class="mark">
        {/* Until the board is known, neither of its two pictures is right. */}
        {shown && <Icon name={shown} />}
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
