// Since when a wall does not know whether its rows are right. After a while it shows a notice instead of old rows.

import { type BoardSource, type ConnectionState, parseInstant } from "flightboard-client";

export const NOTICE_AFTER_MILLIS = 30 * 60_000;

/**
 * The instant, on the server's clock, at which the rows were last known to be right; undefined without doubt, and for
 * a board that is known to have none. `openedAt` is when the page was opened.
 */
export function doubtSince(
  connection: ConnectionState,
  lateSource: BoardSource | undefined,
  overdueSince: number | undefined,
  openedAt: number,
): number | undefined {
  const answered = lateSource && (parseInstant(lateSource.lastAnswer) ?? openedAt);
  const doubts = [answered, overdueSince];
  switch (connection.status) {
    case "closed":
    case "denied":
      return undefined;
    case "live":
      break;
    default:
      doubts.push(("since" in connection ? connection.since : undefined) ?? openedAt);
  }
  const earliest = Math.min(...doubts.filter((since) => since !== undefined));
  return earliest === Infinity ? undefined : earliest;
}

export function needsNotice(since: number | undefined, now: number): boolean {
  return since !== undefined && now - since >= NOTICE_AFTER_MILLIS;
}
