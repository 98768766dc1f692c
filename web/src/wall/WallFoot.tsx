// The foot of a wall: whether the rows are right, whose times and data they are, and which page is shown.

import type { BoardSource, ConnectionState } from "flightboard-client";
import { ConnectionSign } from "../ConnectionStatus.tsx";
import type { Language } from "../language/language.ts";
import { Sentence } from "../Sentence.tsx";
import { ageText } from "../source.ts";
import { zoneLabel } from "../time.ts";

export interface ShownPage {
  readonly count: number;
  /** From 0. */
  readonly index: number;
  /** The times of its rows. */
  readonly span: string | undefined;
  readonly turnMillis: number;
  /** Another one each time that the page is shown from its beginning. */
  readonly turn: number;
}

interface Props {
  connection: ConnectionState;
  isSourceLate: boolean;
  timeZone: string | undefined;
  source: BoardSource | null;
  /** The server's time, if it is known. */
  now: number | undefined;
  language: Language;
  page?: ShownPage | undefined;
}

export function WallFoot(props: Props) {
  const { connection, isSourceLate, timeZone, source, now, language, page } = props;
  const age = source && timeZone ? ageText(source, now, timeZone, language) : undefined;
  const attribution = <bdi>{source?.attribution}</bdi>;
  return (
    <footer class="foot">
      <ConnectionSign
        connection={connection}
        isSourceLate={isSourceLate}
        timeZone={timeZone}
        language={language}
      />
      {timeZone !== undefined && <span>{language.wall.timesOf(placeOfZone(timeZone))}</span>}
      {source && (
        <span class="attribution">
          {age === undefined ? (
            attribution
          ) : (
            <Sentence of={language.joined} parts={[attribution, age]} />
          )}
        </span>
      )}
      {page && <Pages page={page} language={language} />}
    </footer>
  );
}

/** `Hong Kong` of `Asia/Hong_Kong`. */
function placeOfZone(timeZone: string): string {
  const label = zoneLabel(timeZone);
  return label.slice(label.lastIndexOf("/") + 1);
}

function Pages({ page, language }: { page: ShownPage; language: Language }) {
  const { count, index, span, turnMillis, turn } = page;
  if (count < 2) return span === undefined ? null : <span class="pages">{span}</span>;
  return (
    <>
      <span class="pages">
        {language.wall.pageOf(index + 1, count)}
        {span !== undefined && ` · ${span}`}
      </span>
      <span class="dots" aria-hidden="true" style={{ "--turn": `${turnMillis}ms` }}>
        {Array.from({ length: count }, (_, dot) => (
          // The bar of a page that is shown again begins again.
          <span
            key={dot === index ? `now ${turn}` : dot}
            data-now={dot === index ? "" : undefined}
          />
        ))}
      </span>
    </>
  );
}
