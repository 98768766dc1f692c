// The connection status and the button that stops or resumes updates.

import type { ComponentChildren } from "preact";
import type { ConnectionState } from "flightboard-client";
import { Icon, type IconName } from "./Icon.tsx";
import { secondAndDay } from "./time.ts";

const icons: Record<ConnectionState["status"], IconName> = {
  connecting: "wave",
  live: "bolt",
  reconnecting: "wave",
  stale: "alert",
  stopped: "pause",
  absent: "question",
  denied: "lock",
  closed: "square",
};

interface Props {
  connection: ConnectionState;
  /** Whether the server may have old rows itself, so that the connection makes them no better. */
  isSourceLate: boolean;
  /** Of the board, if it is known. */
  timeZone: string | undefined;
  onStop(): void;
  onResume(): void;
  /** Undefined where there is nothing to sign out from. */
  onSignOut: (() => void) | undefined;
}

export function ConnectionStatus(props: Props) {
  const { connection, isSourceLate, timeZone, onStop, onResume, onSignOut } = props;
  const { status } = connection;
  return (
    <div class="status">
      <ConnectionSign connection={connection} isSourceLate={isSourceLate} timeZone={timeZone} />
      {status === "stopped" ? (
        <button type="button" onClick={onResume}>
          <Icon name="play" />
          <span class="label">Resume</span>
        </button>
      ) : (
        status !== "closed" &&
        status !== "absent" &&
        status !== "denied" && (
          <button type="button" onClick={onStop}>
            <Icon name="pause" />
            <span class="label">Stop updates</span>
          </button>
        )
      )}
      {onSignOut && status !== "denied" && (
        <button type="button" onClick={onSignOut}>
          <Icon name="lock" />
          <span class="label">Sign out</span>
        </button>
      )}
    </div>
  );
}

type SignProps = Pick<Props, "connection" | "isSourceLate" | "timeZone">;

export function ConnectionSign({ connection, isSourceLate, timeZone }: SignProps) {
  const { status } = connection;
  return (
    <p
      class="connection"
      role="status"
      data-connection={status}
      data-late={isSourceLate ? "" : undefined}
    >
      <Icon name={icons[status]} />
      <span>{statusText(connection, isSourceLate, timeZone)}</span>
    </p>
  );
}

function statusText(
  connection: ConnectionState,
  isSourceLate: boolean,
  timeZone: string | undefined,
): ComponentChildren {
  switch (connection.status) {
    case "connecting":
      return "Connecting";
    case "live":
      return isSourceLate ? "Connected" : "Live";
    case "reconnecting":
      return `Reconnecting since ${boardTimeText(connection.since, timeZone)}`;
    case "stale":
      return `Stale since ${boardTimeText(connection.since, timeZone)}`;
    case "stopped":
      return "Stopped";
    case "absent":
      return "No such board";
    case "denied":
      return "No access";
    case "closed":
      return connection.reason ? (
        <>
          Closed: <bdi>{connection.reason}</bdi>
        </>
      ) : (
        "Closed"
      );
  }
}

/** On the clock of the rows, with the day: a screen may have been in doubt for days. */
export function boardTimeText(instant: number, timeZone: string | undefined): string {
  return secondAndDay(instant, timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
}
