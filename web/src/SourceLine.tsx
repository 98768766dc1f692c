// The source of the rows: the age of its last answer, and the attribution that its terms demand near the rows.

import type { BoardSource } from "flightboard-client";
import { Icon } from "./Icon.tsx";
import type { Language } from "./language/language.ts";
import { Sentence } from "./Sentence.tsx";
import { ageText, agoText, isLate } from "./source.ts";
import { zoneOf } from "./time.ts";
import type { BoardView } from "./useFollowedBoard.ts";

/** A link of a publisher must not run a script. */
const WEB_ADDRESS = /^https?:\/\//i;

interface Props {
  source: BoardSource;
  /** The server's time, if it is known. */
  now: number | undefined;
  timeZone: string;
  language: Language;
}

export function SourceLine({ source, now, timeZone, language }: Props) {
  const { name, attribution, lastAnswer, status } = source;
  const late = isLate(source, now);
  const age = ageText(source, now, timeZone, language);
  const answer =
    age !== undefined ? (
      <time datetime={lastAnswer}>{age}</time>
    ) : status === "failing" ? (
      language.source.noAnswer
    ) : undefined;
  const link = <Attribution source={source} language={language} />;
  const shownName = attribution === name ? link : <bdi>{name}</bdi>;
  return (
    <p class="source" data-source={status} data-late={late ? "" : undefined}>
      {late && <Icon name="alert" />}
      <span>
        {answer === undefined ? (
          shownName
        ) : (
          <Sentence of={language.joined} parts={[shownName, answer]} />
        )}
      </span>
      {attribution !== name && link}
    </p>
  );
}

/** That of a board which is shown among others; nothing for a board without a source. */
export function BoardSourceLine({ view, language }: { view: BoardView; language: Language }) {
  const { board, source } = view.followed.timetable;
  return (
    board &&
    source && (
      <SourceLine source={source} now={view.now} timeZone={zoneOf(board)} language={language} />
    )
  );
}

interface LastUpdateProps {
  /** The line is there before it is known, since rows that move down would be pressed in the place of others. */
  lastUpdate: number | undefined;
  now: number;
  timeZone: string;
  language: Language;
}

/** For a board without a source: the last update of any publisher, if only that nothing had changed. */
export function LastUpdateLine({ lastUpdate, now, timeZone, language }: LastUpdateProps) {
  return (
    <p class="source">
      {lastUpdate !== undefined && (
        <span>
          <Sentence
            of={language.source.lastUpdate}
            parts={[
              <time datetime={new Date(lastUpdate).toISOString()}>
                {agoText(lastUpdate, now, timeZone, language)}
              </time>,
            ]}
          />
        </span>
      )}
    </p>
  );
}

function Attribution({ source, language }: Pick<Props, "source" | "language">) {
  const { attribution, link } = source;
  return link !== undefined && WEB_ADDRESS.test(link) ? (
    <a
      href={link}
      target="_blank"
      rel="noopener noreferrer"
      title={language.source.opensNewTab}
      dir="auto"
    >
      {attribution}
    </a>
  ) : (
    <bdi>{attribution}</bdi>
  );
}
