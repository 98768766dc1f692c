// The messages of a wall to travellers, in place of rows.

import type { ConnectionState } from "flightboard-client";
import { boardTimeText } from "../ConnectionStatus.tsx";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";

export function WallMessage({ title, text }: { title: string; text?: string | undefined }) {
  return (
    <section class="wall-message">
      <h2 dir="auto">{title}</h2>
      {text && <p dir="auto">{text}</p>}
    </section>
  );
}

interface NoticeProps {
  /** When the rows were last known to be right. */
  since: number | undefined;
  /** The operator's. */
  text: string | undefined;
  timeZone: string | undefined;
  language: Language;
}

/** After a long doubt old rows would do harm. */
export function FullNotice({ since, text, timeZone, language }: NoticeProps) {
  return (
    <section class="wall-message full-notice" role="alert">
      <Icon name="alert" />
      <h2 dir="auto">{text || language.wall.notice}</h2>
      {since !== undefined && (
        <p>{language.wall.unknownSince(boardTimeText(since, timeZone, language))}</p>
      )}
    </section>
  );
}

/** The message in place of rows that are not there; undefined if there may be rows. */
export function noticeText(
  connection: ConnectionState,
  hasRows: boolean,
  { wall }: Language,
): { title: string; text?: string | undefined } | undefined {
  switch (connection.status) {
    case "closed":
      return { title: wall.closed, text: connection.reason };
    case "denied":
      return { title: wall.denied };
    case "absent":
      return hasRows ? undefined : { title: wall.absent };
    default:
      return undefined;
  }
}
