// The sign in the head that the rows are of the past, and the way back. It has another colour and other words than that
// of the live board.

import type { ConnectionState } from "flightboard-client";
import { boardTimeText } from "../ConnectionStatus.tsx";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";

interface Props {
  connection: ConnectionState;
  /** `As of 12:03`. */
  word: string;
  timeZone: string | undefined;
  language: Language;
  /** Undefined until the part of the page that shows the past is there. */
  onEnd: (() => void) | undefined;
}

export function PastStatus({ connection, word, timeZone, language, onEnd }: Props) {
  const isCut = connection.status === "reconnecting" || connection.status === "stale";
  return (
    <div class="status">
      {/* No live region: while the past is played, the time would never stop talking. */}
      <p class="connection" data-connection="past" data-cut={isCut ? "" : undefined}>
        <Icon name={isCut ? "wave" : "clock"} />
        <span>
          {isCut
            ? language.connection[connection.status](
                boardTimeText(connection.since, timeZone, language),
              )
            : word}
        </span>
      </p>
      {onEnd && (
        <button type="button" onClick={onEnd}>
          <Icon name="bolt" />
          <span class="label">{language.past.backToLive}</span>
        </button>
      )}
    </div>
  );
}
