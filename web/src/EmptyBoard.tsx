// Placeholders for a board without rows. They are for passengers; the commands that add rows are for publishers.

import type { Board, BoardSource } from "flightboard-client";
import { boardPath, urlOf } from "./route.ts";

interface EmptyBoardProps {
  board: Board;
  source: BoardSource | null;
  /** Then nothing is known of its flights. */
  isSourceLate: boolean;
}

export function EmptyBoard({ board, source, isSourceLate }: EmptyBoardProps) {
  const row =
    board.kind === "arrivals"
      ? { origin: "Rome", arrival: "10:10" }
      : { destination: "Rome", departure: "10:10" };
  return (
    <section class="empty">
      <h2>{isSourceLate ? "No flights are known" : "No flights"}</h2>
      <p>
        A flight that {source === null ? "the airport" : <bdi>{source.name}</bdi>} announces appears
        here at once.
      </p>
      {source === null && (
        <ForPublishers command={put(`${boardPath(board.name)}/flights/I768`, row)} />
      )}
    </section>
  );
}

export function AbsentBoard({ name }: { name: string }) {
  return (
    <section class="empty">
      <h2>
        There is no board “<bdi>{name}</bdi>”
      </h2>
      <p>If it is opened, its flights appear here at once.</p>
      <ForPublishers command={put(boardPath(name), { title: "Arrivals", kind: "arrivals" })} />
    </section>
  );
}

export function ClosedBoard({ reason }: { reason: string | undefined }) {
  return (
    <section class="empty">
      <h2>This board is closed</h2>
      {reason && <p dir="auto">{reason}</p>}
    </section>
  );
}

/** One click selects the whole command (see the style sheet). */
function ForPublishers({ command }: { command: string }) {
  return (
    <details>
      <summary>For publishers</summary>
      <pre>{command}</pre>
    </details>
  );
}

function put(path: string, body: object): string {
  return [
    `curl -X PUT '${window.location.origin}${urlOf(path)}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify(body)}'`,
  ].join("\n");
}
