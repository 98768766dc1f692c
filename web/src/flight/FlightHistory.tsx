// The changes of a flight, newest first.

import { type Flight, keyOf, parseInstant } from "flightboard-client";
import { labelOf, valueText } from "../history/fields.ts";
import { readableFields, type LoggedChange } from "../history/logged-changes.ts";
import type { SheetContext } from "../rows/FlightSheet.tsx";
import { dayAndTime, zoneOf } from "../time.ts";
import { useFlightChanges } from "./useFlightChanges.ts";

interface Props {
  flight: Flight;
  context: SheetContext;
  /** Later changes are left out. */
  pastTime: number | undefined;
}

export function FlightHistory({ flight, context, pastTime }: Props) {
  const { board, language } = context;
  const changes = useFlightChanges(board.name, flight, pastTime);
  const lines = changes?.flatMap((change) => {
    const instant = parseInstant(change.time);
    const what = keyOf(change.flight ?? flight) === keyOf(flight) ? whatText(change, context) : "";
    return instant === undefined || what === "" ? [] : [{ id: change.id, instant, what }];
  });
  if (lines === undefined || lines.length === 0) return null;
  return (
    <section class="history" aria-labelledby="history-title">
      <h3 id="history-title">{language.history.title}</h3>
      <ol>
        {lines.map(({ id, instant, what }) => (
          <li key={id}>
            <time datetime={new Date(instant).toISOString()}>
              {dayAndTime(instant, zoneOf(board), language)}
            </time>
            <span dir="auto">{what}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** `Gate B4 → B7, Boarding`. */
function whatText(change: LoggedChange, context: SheetContext): string {
  const { history, announced } = context.language;
  if (change.event === "flightAddition") return history.added;
  if (change.event === "flightRemoval") return history.removed;
  const { flight } = change;
  if (flight === undefined) return "";
  const parts = readableFields(change).map(({ field, from, to }) => {
    const label = labelOf(field, context);
    const [before, after] = [from, to].map((value) => valueText(field, value, flight, context));
    if (after === undefined) return history.withdrawn(label, before ?? "");
    if (before === undefined) return announced.value(label, after);
    return history.changed(label, before, after);
  });
  return parts.join(", ");
}
