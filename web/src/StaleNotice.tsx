// A notice below the rows that they may be outdated, because of the connection, of their source, or of both. A
// board that looks live but is not is worse than no board.

import {
  type Board,
  type BoardSource,
  type ConnectionState,
  parseInstant,
} from "flightboard-client";
import { boardTimeText } from "./ConnectionStatus.tsx";
import { Icon } from "./Icon.tsx";
import type { Language } from "./language/language.ts";
import { Sentence } from "./Sentence.tsx";
import { clockText, dayAndTime, wallMillis, zoneOf } from "./time.ts";
import type { BoardView } from "./useFollowedBoard.ts";

export interface Doubt {
  connection: ConnectionState;
  /** The source, if it is late. */
  lateSource: BoardSource | undefined;
  /** The last update, if the next one is overdue. */
  overdueSince: number | undefined;
  timeZone: string;
  language: Language;
  /** True while the rows are those that the browser has kept. */
  isKept?: boolean;
  /** True while the rows are of the past: a connection that is stopped has all of them then. */
  isPast?: boolean;
}

/** Of the rows of a board. */
export function doubtOf(view: BoardView, board: Board, language: Language): Doubt {
  const { followed, connection, lateSource, overdueSince } = view;
  const isKept = followed.keptAt !== undefined;
  return { connection, lateSource, overdueSince, timeZone: zoneOf(board), language, isKept };
}

export function StaleNotice(props: Doubt) {
  const { lateSource, overdueSince } = props;
  const text = connectionDoubt(props);
  const isShown = text !== undefined || lateSource !== undefined || overdueSince !== undefined;
  return (
    <div class={isShown ? "stale-notice" : undefined}>
      {isShown && <Icon name="alert" />}
      <div>
        {text !== undefined && <p>{text}</p>}
        {/* Always there, so that screen readers announce its text. The connection has a status of its own. */}
        <p aria-live="polite">
          <SourceDoubt {...props} />
        </p>
      </div>
    </div>
  );
}

/** Of the source, or of a board without one. */
export function SourceDoubt({ lateSource: source, overdueSince, timeZone, language }: Doubt) {
  const { notice } = language;
  if (source === undefined) {
    if (overdueSince === undefined) return null;
    return notice.overdue(boardTimeText(overdueSince, timeZone, language));
  }
  const name = <bdi>{source.name}</bdi>;
  const reason = source.reason && <bdi>{source.reason}</bdi>;
  const answered = parseInstant(source.lastAnswer);
  if (answered === undefined) {
    return reason ? (
      <Sentence of={notice.failedSource} parts={[name, reason]} />
    ) : (
      <Sentence of={notice.silentSource} parts={[name]} />
    );
  }
  const since = dayAndTime(answered, timeZone, language);
  return reason ? (
    <Sentence of={notice.failedSourceSince} parts={[name, since, reason]} />
  ) : (
    <Sentence of={notice.silentSourceSince} parts={[name, since]} />
  );
}

/** Undefined without a doubt. */
export function connectionDoubt(doubt: Doubt): string | undefined {
  const { connection, timeZone, language, isKept = false, isPast = false } = doubt;
  const { notice } = language;
  const timeOf = (instant: number) => boardTimeText(instant, timeZone, language);
  switch (connection.status) {
    case "live":
    case "closed":
    case "denied":
      return undefined;
    case "absent":
      return connection.since === undefined ? undefined : notice.absent(timeOf(connection.since));
    case "connecting":
      return notice.connecting;
    case "stopped":
      return isPast ? language.past.notLive : notice.stopped(timeOf(connection.since));
    case "reconnecting":
    case "stale":
      return isKept
        ? notice.kept(minuteAndDay(connection.since, timeZone, language))
        : notice.asOf(timeOf(connection.since));
  }
}

/** `20:18, Thu 15 Jan`: the browser does not keep rows each second. */
function minuteAndDay(instant: number, timeZone: string, language: Language): string {
  const day = language.shortDate(wallMillis(instant, timeZone));
  return language.joined(clockText(instant, timeZone), day);
}
