// Placeholders for a board without rows. They are for passengers; the commands that add rows are for publishers.

import type { Board, BoardSource } from "flightboard-client";
import type { ComponentChildren } from "preact";
import type { Language } from "./language/language.ts";
import { Sentence } from "./Sentence.tsx";
import { boardPath, urlOf } from "./route.ts";

interface EmptyBoardProps {
  board: Board;
  source: BoardSource | null;
  /** Then nothing is known of its flights. */
  isSourceLate: boolean;
  language: Language;
}

export function EmptyBoard({ board, source, isSourceLate, language }: EmptyBoardProps) {
  const texts = language.placeholder;
  const row =
    board.kind === "arrivals"
      ? { origin: "Rome", arrival: "10:10" }
      : { destination: "Rome", departure: "10:10" };
  return (
    <section class="empty">
      <h2>{isSourceLate ? texts.noneKnown : texts.noFlights}</h2>
      <p>
        {source === null ? (
          texts.byAirport
        ) : (
          <Sentence of={texts.bySource} parts={[<bdi>{source.name}</bdi>]} />
        )}
      </p>
      {source === null && (
        <ForPublishers
          title={texts.forPublishers}
          command={put(`${boardPath(board.name)}/flights/I768`, row)}
        >
          <p>
            <a href={urlOf(`${boardPath(board.name)}/desk`)}>{texts.toDesk}</a>
          </p>
        </ForPublishers>
      )}
    </section>
  );
}

export function AbsentBoard({ name, language }: { name: string; language: Language }) {
  const texts = language.placeholder;
  return (
    <section class="empty">
      <h2>
        <Sentence of={texts.absent} parts={[<bdi>{name}</bdi>]} />
      </h2>
      <p>{texts.absentHelp}</p>
      <ForPublishers
        title={texts.forPublishers}
        command={put(boardPath(name), { title: "Arrivals", kind: "arrivals" })}
      />
    </section>
  );
}

interface ClosedBoardProps {
  reason: string | undefined;
  language: Language;
}

export function ClosedBoard({ reason, language }: ClosedBoardProps) {
  return (
    <section class="empty">
      <h2>{language.placeholder.closed}</h2>
      {reason && <p dir="auto">{reason}</p>}
    </section>
  );
}

interface PublisherProps {
  title: string;
  command: string;
  children?: ComponentChildren;
}

/** One click selects the whole command (see the style sheet). */
function ForPublishers({ title, command, children }: PublisherProps) {
  return (
    <details>
      <summary>{title}</summary>
      {children}
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
