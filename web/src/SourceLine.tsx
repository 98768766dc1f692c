// The source of the rows: the age of its last answer, and the attribution that its terms demand near the rows.

import type { BoardSource } from "flightboard-client";
import { Icon } from "./Icon.tsx";
import { ageText, agoText, isLate } from "./source.ts";

/** A link of a publisher must not run a script. */
const WEB_ADDRESS = /^https?:\/\//i;

interface Props {
  source: BoardSource;
  /** The server's time, if it is known. */
  now: number | undefined;
  timeZone: string;
}

export function SourceLine({ source, now, timeZone }: Props) {
  const { name, attribution, lastAnswer, status } = source;
  const late = isLate(source, now);
  const age = ageText(source, now, timeZone);
  return (
    <p class="source" data-source={status} data-late={late ? "" : undefined}>
      {late && <Icon name="alert" />}
      <span>
        {attribution === name ? <Attribution source={source} /> : <bdi>{name}</bdi>}
        {age !== undefined && (
          <>
            , <time datetime={lastAnswer}>{age}</time>
          </>
        )}
        {age === undefined && status === "failing" && ", no answer yet"}
      </span>
      {attribution !== name && <Attribution source={source} />}
    </p>
  );
}

interface LastUpdateProps {
  /** The line is there before it is known, since rows that move down would be pressed in the place of others. */
  lastUpdate: number | undefined;
  now: number;
  timeZone: string;
}

/** For a board without a source: the last update of any publisher, if only that nothing had changed. */
export function LastUpdateLine({ lastUpdate, now, timeZone }: LastUpdateProps) {
  return (
    <p class="source">
      {lastUpdate !== undefined && (
        <span>
          Last update{" "}
          <time datetime={new Date(lastUpdate).toISOString()}>
            {agoText(lastUpdate, now, timeZone)}
          </time>
        </span>
      )}
    </p>
  );
}

function Attribution({ source: { attribution, link } }: { source: BoardSource }) {
  return link !== undefined && WEB_ADDRESS.test(link) ? (
    <a href={link} target="_blank" rel="noopener noreferrer" title="opens in a new tab" dir="auto">
      {attribution}
    </a>
  ) : (
    <bdi>{attribution}</bdi>
  );
}
