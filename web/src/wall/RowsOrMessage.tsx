// The rows of one board on a public screen with the notice that they may be outdated, or a message in their place.

import type { Board } from "flightboard-client";
import type { ComponentChildren } from "preact";
import type { Language } from "../language/language.ts";
import { doubtOf, StaleNotice } from "../StaleNotice.tsx";
import type { BoardView } from "../useFollowedBoard.ts";
import { noticeText, WallMessage } from "./WallMessage.tsx";

interface Props {
  view: BoardView;
  language: Language;
  /** Shown in place of all else. */
  instead?: ComponentChildren;
  /** Above the rows. */
  heading?: ComponentChildren;
  isEmpty: boolean;
  rowsOf(board: Board): ComponentChildren;
}

export function RowsOrMessage({ view, language, instead, heading, isEmpty, rowsOf }: Props) {
  const { connection, isLive } = view;
  const { status } = connection;
  return (
    <div
      class="rows"
      data-connecting={status === "connecting" ? "" : undefined}
      data-known={isLive || status === "closed" ? "" : undefined}
    >
      {heading}
      {instead ?? <Content {...{ view, language, isEmpty, rowsOf }} />}
    </div>
  );
}

function Content({ view, language, isEmpty, rowsOf }: Omit<Props, "instead" | "heading">) {
  const { board, closed } = view.followed.timetable;
  const message = noticeText(view.connection, board !== null && closed === null, language);
  if (message !== undefined || board === null) {
    return <WallMessage title={message?.title ?? language.wall.waiting} text={message?.text} />;
  }
  return (
    <>
      {isEmpty ? <WallMessage title={language.wall.noFlights} /> : rowsOf(board)}
      <StaleNotice {...doubtOf(view, board, language)} />
    </>
  );
}
