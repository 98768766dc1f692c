// Says under the rows that they may no longer be right. A board that looks live and is not is worse than none.

import type { ConnectionState } from "./connection.ts";
import { Icon } from "./Icon.tsx";
import { readersTime } from "./Sign.tsx";

export function Doubt({ connection }: { connection: ConnectionState }) {
  const text = doubtText(connection);
  if (text === undefined) return null;
  return (
    <p className="doubt">
      <Icon name="alert" />
      <span>{text}</span>
    </p>
  );
}

function doubtText(connection: ConnectionState): string | undefined {
  switch (connection.is) {
    case "live":
    case "closed":
      return undefined;
    case "connecting":
    case "absent":
      return "What has changed since these rows came is not known yet.";
    case "stopped":
      return `Updates are stopped. These rows are as of ${readersTime(connection.since)}.`;
    case "reconnecting":
    case "stale":
      return `These rows are as of ${readersTime(connection.since)}. What has changed since is not known.`;
  }
}
