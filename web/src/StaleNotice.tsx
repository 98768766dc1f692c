// A notice below the rows that they may be outdated. A board that looks live but is not is worse than no board.

import type { ConnectionState } from "./connection.ts";
import { Icon } from "./Icon.tsx";
import { readersTime } from "./ConnectionStatus.tsx";

export function StaleNotice({ connection }: { connection: ConnectionState }) {
  const text = noticeText(connection);
  if (text === undefined) return null;
  return (
    <p className="stale-notice">
      <Icon name="alert" />
      <span>{text}</span>
    </p>
  );
}

function noticeText(connection: ConnectionState): string | undefined {
  switch (connection.status) {
    case "live":
    case "closed":
      return undefined;
    case "absent":
      return connection.since === undefined
        ? undefined
        : `The server has no such board. These rows are as of ${readersTime(connection.since)}.`;
    case "connecting":
      return "What has changed since these rows came is not known yet.";
    case "stopped":
      return `Updates are stopped. These rows are as of ${readersTime(connection.since)}.`;
    case "reconnecting":
    case "stale":
      return `These rows are as of ${readersTime(connection.since)}. What has changed since is not known.`;
  }
}
