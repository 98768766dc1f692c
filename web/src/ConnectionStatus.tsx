// The connection status and the button that stops or resumes updates.

import type { ComponentChildren } from "preact";
import type { Board, ConnectionState } from "flightboard-client";
import type { Language } from "./language/language.ts";
import { Sentence } from "./Sentence.tsx";
import { Icon, type IconName } from "./Icon.tsx";
import { secondAndDay, zoneOf } from "./time.ts";
import type { FollowedBoard } from "./useFollowedBoard.ts";

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

/** The picture of a board that is not there; none while it may come. */
export function iconWithoutBoard({ status }: ConnectionState): IconName | undefined {
  return ["absent", "denied", "closed"].includes(status) ? icons[status] : undefined;
}

interface Props {
  view: FollowedBoard;
  /** The board as others name it, until the view has it. */
  listed?: Board | undefined;
  language: Language;
  /** Undefined where there is nothing to sign out from. */
  onSignOut?: (() => void) | undefined;
}

export function ConnectionStatus({ view, listed, language, onSignOut }: Props) {
  const { followed, connection, follower, isInDoubt } = view;
  const board = followed.timetable.board ?? listed;
  const { status } = connection;
  const texts = language.connection;
  return (
    <div class="status">
      <ConnectionSign
        connection={connection}
        isSourceLate={isInDoubt}
        timeZone={board && zoneOf(board)}
        language={language}
      />
      {status === "stopped" ? (
        <button type="button" onClick={follower.resume}>
          <Icon name="play" />
          <span class="label">{texts.resume}</span>
        </button>
      ) : (
        status !== "closed" &&
        status !== "absent" &&
        status !== "denied" && (
          <button type="button" onClick={follower.stop}>
            <Icon name="pause" />
            <span class="label">{texts.stop}</span>
          </button>
        )
      )}
      {onSignOut && status !== "denied" && (
        <button type="button" onClick={onSignOut}>
          <Icon name="lock" />
          <span class="label">{texts.signOut}</span>
        </button>
      )}
    </div>
  );
}

interface SignProps {
  connection: ConnectionState;
  /** Whether the server may have old rows itself, so that the connection makes them no better. */
  isSourceLate: boolean;
  /** Of the board, if it is known. */
  timeZone: string | undefined;
  language: Language;
}

export function ConnectionSign(props: SignProps) {
  const { connection, isSourceLate } = props;
  const { status } = connection;
  return (
    <p
      class="connection"
      role="status"
      data-connection={status}
      data-late={isSourceLate ? "" : undefined}
    >
      <Icon name={icons[status]} />
      <span>{statusText(props)}</span>
    </p>
  );
}

function statusText(props: SignProps): ComponentChildren {
  const { connection, isSourceLate, timeZone, language } = props;
  const texts = language.connection;
  switch (connection.status) {
    case "connecting":
      return texts.connecting;
    case "live":
      return isSourceLate ? texts.connected : texts.live;
    case "reconnecting":
      return texts.reconnecting(boardTimeText(connection.since, timeZone, language));
    case "stale":
      return texts.stale(boardTimeText(connection.since, timeZone, language));
    case "stopped":
      return texts.stopped;
    case "absent":
      return texts.absent;
    case "denied":
      return texts.denied;
    case "closed":
      return connection.reason ? (
        <Sentence of={texts.closedFor} parts={[<bdi>{connection.reason}</bdi>]} />
      ) : (
        texts.closed
      );
  }
}

/** On the clock of the rows, with the day: a screen may have been in doubt for days. */
export function boardTimeText(
  instant: number,
  timeZone: string | undefined,
  language: Language,
): string {
  const zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  return secondAndDay(instant, zone, language);
}
