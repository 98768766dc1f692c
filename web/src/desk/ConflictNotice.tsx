// The other value of a field that has changed while a person typed into it, with its publisher and its time, as far as the
// server knows them.

import type { FlightKey } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import { labelOf, valueText, type FieldContext } from "../history/fields.ts";
import { zoneOf } from "../time.ts";
import type { Conflict } from "./change.ts";
import type { DeskLanguage, Origin } from "./language/language.ts";
import { originOf } from "./origin.ts";

const UNKNOWN: Origin = { time: undefined, publisher: undefined, isFeed: false };

/** The origin of the other value: nothing of it until the server has answered. */
export function useOrigin(
  flight: FlightKey,
  { field, theirs }: Conflict,
  { board }: FieldContext,
  token: string | undefined,
): Origin {
  const [origin, setOrigin] = useState(UNKNOWN);
  const value = JSON.stringify(theirs);
  useEffect(() => {
    let isPresent = true;
    setOrigin(UNKNOWN);
    void originOf(board.name, flight, field, theirs, { zone: zoneOf(board), token }).then(
      (found) => isPresent && setOrigin(found),
    );
    return () => {
      isPresent = false;
    };
  }, [board, flight.flight, flight.date, flight.leg, field, value, token]);
  return origin;
}

interface Props {
  flight: FlightKey;
  conflict: Conflict;
  /** The text that the person typed. */
  mine: string;
  context: FieldContext;
  texts: DeskLanguage;
  token: string | undefined;
  onKeepTheirs(): void;
  onPutMine(): void;
}

export function ConflictNotice(props: Props) {
  const { flight, conflict, mine, context, texts, token, onKeepTheirs, onPutMine } = props;
  const { field, theirs } = conflict;
  const origin = useOrigin(flight, conflict, context, token);
  const label = labelOf(field, context);
  const shown = valueText(field, theirs, flight, context);
  return (
    <div class="conflict" role="alert">
      <p>
        <Icon name="alert" />{" "}
        <span dir="auto">
          {texts.changedWhile(label, shown, mine.trim() === "" ? texts.nothing : mine, origin)}
        </span>
      </p>
      <button type="button" onClick={onKeepTheirs}>
        {texts.keepTheirs}
      </button>
      <button type="button" onClick={onPutMine}>
        {texts.putMine}
      </button>
    </div>
  );
}
