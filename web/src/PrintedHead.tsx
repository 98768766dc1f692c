// The head of each printed sheet: the board, the time of its rows, and whether they are right.

import type { Board } from "flightboard-client";
import { useCallback } from "preact/hooks";
import { useCity } from "./cities.ts";
import { boardTimeText } from "./ConnectionStatus.tsx";
import { Foreign } from "./Foreign.tsx";
import type { Language } from "./language/language.ts";
import { connectionDoubt, SourceDoubt, type Doubt } from "./StaleNotice.tsx";
import { zoneOf } from "./time.ts";
import { usePrinting } from "./usePrinting.ts";

interface Props extends Omit<Doubt, "timeZone"> {
  board: Board;
  /** The server's time. */
  now: number;
  language: Language;
}

export function PrintedHead(props: Props) {
  const { board, connection, now, language } = props;
  const city = useCity(board.airport);
  const isPrinting = usePrinting(useCallback(() => true, []));
  if (!isPrinting) return null;
  const timeZone = zoneOf(board);
  const doubt = { ...props, timeZone };
  // Rows in doubt are as old as the doubt.
  const time = ("since" in connection && connection.since) || now;
  return (
    <div class="printed-head">
      <p class="printed-title">
        <strong>
          <Foreign text={board.title} />
        </strong>
        {board.airport && (
          <span>
            <bdi lang="en">{city}</bdi> <bdi>{board.airport}</bdi>
          </span>
        )}
        <span>{language.printedAt(boardTimeText(time, timeZone, language))}</span>
      </p>
      <p class="printed-doubt">{connectionDoubt(doubt)}</p>
      <p class="printed-doubt">
        <SourceDoubt {...doubt} />
      </p>
    </div>
  );
}
