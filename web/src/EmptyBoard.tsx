// Placeholders for a board without rows, each with the command that adds some.

import type { Board, BoardSource } from "flightboard-client";
import { boardPath, urlOf } from "./route.ts";

interface EmptyBoardProps {
  board: Board;
  source: BoardSource | null;
  /** Then nothing is known of its flights. */
  isSourceLate: boolean;
}

export function EmptyBoard({ board, source, isSourceLate }: EmptyBoardProps) {
  if (source !== null) {
    return (
      <section class="empty">
        <h2>{isSourceLate ? "No flights are known" : "No flights"}</h2>
        <p>
          A flight that <bdi>{source.name}</bdi> announces appears here at once.
        </p>
      </section>
    );
  }
  const row =
    board.kind === "arrivals"
      ? { origin: "Rome", arrival: "10:10" }
      : { destination: "Rome", departure: "10:10" };
  return (
    <section class="empty">
      <h2>No flights</h2>
      <p>This board is empty. A flight that is published to it appears here at once:</p>
      <Command>{put(`${boardPath(board.name)}/flights/I768`, row)}</Command>
    </section>
  );
}

export function AbsentBoard({ name }: { name: string }) {
  return (
    <section class="empty">
      <h2>
        There is no board “<bdi>{name}</bdi>”
      </h2>
      <p>It can be made, and this page will follow it as soon as it is there:</p>
      <Command>{put(boardPath(name), { title: "Arrivals", kind: "arrivals" })}</Command>
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
function Command({ children }: { children: string }) {
  return <pre>{children}</pre>;
}

function put(path: string, body: object): string {
  return [
    `curl -X PUT '${window.location.origin}${urlOf(path)}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify(body)}'`,
  ].join("\n");
}
