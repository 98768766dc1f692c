// A notice below the rows that they may be outdated, because of the connection, of their source, or of both. A
// board that looks live but is not is worse than no board.

import { type BoardSource, type ConnectionState, parseInstant } from "flightboard-client";
import { Icon } from "./Icon.tsx";
import { boardTimeText } from "./ConnectionStatus.tsx";
import { dayAndTime } from "./time.ts";

interface Props {
  connection: ConnectionState;
  /** The source, if it is late. */
  lateSource: BoardSource | undefined;
  /** The last update, if the next one is overdue. */
  overdueSince: number | undefined;
  timeZone: string;
}

export function StaleNotice({ connection, lateSource, overdueSince, timeZone }: Props) {
  const text = connectionText(connection, timeZone);
  const isShown = text !== undefined || lateSource !== undefined || overdueSince !== undefined;
  return (
    <div class={isShown ? "stale-notice" : undefined}>
      {isShown && <Icon name="alert" />}
      <div>
        {text !== undefined && <p>{text}</p>}
        {/* Always there, so that screen readers announce its text. The connection has a status of its own. */}
        <p aria-live="polite">
          {lateSource ? (
            <SourceText source={lateSource} timeZone={timeZone} />
          ) : (
            overdueSince !== undefined &&
            `No update has come since ${boardTimeText(overdueSince, timeZone)}. Whether these rows are right is not known.`
          )}
        </p>
      </div>
    </div>
  );
}

function SourceText({ source, timeZone }: { source: BoardSource; timeZone: string }) {
  const { name, lastAnswer, reason } = source;
  const answered = parseInstant(lastAnswer);
  return (
    <>
      <bdi>{name}</bdi> has not answered{" "}
      {answered === undefined ? "yet" : `since ${dayAndTime(answered, timeZone)}`}
      {reason !== undefined && (
        <>
          {" "}
          (<bdi>{reason}</bdi>)
        </>
      )}
      . Whether these rows are right is not known.
    </>
  );
}

function connectionText(connection: ConnectionState, timeZone: string): string | undefined {
  switch (connection.status) {
    case "live":
    case "closed":
    case "denied":
      return undefined;
    case "absent":
      return connection.since === undefined
        ? undefined
        : `The server has no such board. These rows are as of ${boardTimeText(connection.since, timeZone)}.`;
    case "connecting":
      return "What has changed since these rows came is not known yet.";
    case "stopped":
      return `Updates are stopped. These rows are as of ${boardTimeText(connection.since, timeZone)}.`;
    case "reconnecting":
    case "stale":
      return `These rows are as of ${boardTimeText(connection.since, timeZone)}. What has changed since is not known.`;
  }
}
