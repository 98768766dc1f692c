// The sign of the connection, and the button that ends or resumes it.

import type { ConnectionState } from "./connection.ts";
import { Icon, type IconName } from "./Icon.tsx";

const icons: Record<ConnectionState["is"], IconName> = {
  connecting: "wave",
  live: "bolt",
  reconnecting: "wave",
  stale: "alert",
  stopped: "pause",
  absent: "question",
  closed: "square",
};

interface Props {
  connection: ConnectionState;
  onStop(): void;
  onResume(): void;
}

export function Sign({ connection, onStop, onResume }: Props) {
  const { is } = connection;
  return (
    <div className="sign">
      <p className="connection" role="status" data-connection={is}>
        <Icon name={icons[is]} />
        {signText(connection)}
      </p>
      {is === "stopped" ? (
        <button type="button" onClick={onResume}>
          <Icon name="play" />
          Resume
        </button>
      ) : (
        is !== "closed" &&
        is !== "absent" && (
          <button type="button" onClick={onStop}>
            <Icon name="pause" />
            Stop updates
          </button>
        )
      )}
    </div>
  );
}

function signText(connection: ConnectionState): string {
  switch (connection.is) {
    case "connecting":
      return "Connecting";
    case "live":
      return "Live";
    case "reconnecting":
      return `Reconnecting since ${readersTime(connection.since)}`;
    case "stale":
      return `Stale since ${readersTime(connection.since)}`;
    case "stopped":
      return "Stopped";
    case "absent":
      return "No such board";
    case "closed":
      return connection.reason ? `Closed: ${connection.reason}` : "Closed";
  }
}

/** By the reader's own clock: this is about the screen, not about a flight. */
export function readersTime(instant: number): string {
  return new Date(instant).toLocaleTimeString("en-GB", { hourCycle: "h23" });
}
