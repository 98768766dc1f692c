// A notice below the rows that they may be outdated, because of the connection, of their source, or of both. A
// board that looks live but is not is worse than no board.

import { type BoardSource, type ConnectionState, parseInstant } from "flightboard-client";
import { Icon } from "./Icon.tsx";
import type { Language } from "./language/language.ts";
import { Sentence } from "./Sentence.tsx";
import { boardTimeText } from "./ConnectionStatus.tsx";
import { dayAndTime } from "./time.ts";

interface Props {
  connection: ConnectionState;
  /** The source, if it is late. */
  lateSource: BoardSource | undefined;
  /** The last update, if the next one is overdue. */
  overdueSince: number | undefined;
  timeZone: string;
  language: Language;
}

export function StaleNotice(props: Props) {
  const { connection, lateSource, overdueSince, timeZone, language } = props;
  const text = connectionText(connection, timeZone, language);
  const isShown = text !== undefined || lateSource !== undefined || overdueSince !== undefined;
  return (
    <div class={isShown ? "stale-notice" : undefined}>
      {isShown && <Icon name="alert" />}
      <div>
        {text !== undefined && <p>{text}</p>}
        {/* Always there, so that screen readers announce its text. The connection has a status of its own. */}
        <p aria-live="polite">
          {lateSource ? (
            <SourceText source={lateSource} timeZone={timeZone} language={language} />
          ) : (
            overdueSince !== undefined &&
            language.notice.overdue(boardTimeText(overdueSince, timeZone, language))
          )}
        </p>
      </div>
    </div>
  );
}

interface SourceTextProps {
  source: BoardSource;
  timeZone: string;
  language: Language;
}

function SourceText({ source, timeZone, language }: SourceTextProps) {
  const { notice } = language;
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

function connectionText(
  connection: ConnectionState,
  timeZone: string,
  language: Language,
): string | undefined {
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
      return notice.stopped(timeOf(connection.since));
    case "reconnecting":
    case "stale":
      return notice.asOf(timeOf(connection.since));
  }
}
