// The origin of a value that somebody else has published.

import { type FlightKey, keyOf, parseInstant } from "flightboard-client";
import type { FieldName, Value } from "../history/fields.ts";
import { fetchChanges } from "../history/logged-changes.ts";
import { clockText } from "../time.ts";
import { isSame } from "./change.ts";
import type { Origin } from "./language/language.ts";

/** The origin of a field's value, as far as the server knows it. */
export async function originOf(
  board: string,
  { flight, date, leg }: FlightKey,
  field: FieldName,
  value: Value,
  { zone, token }: { zone: string; token: string | undefined },
): Promise<Origin> {
  const key = { flight, ...(date && { date }), ...(leg && { leg }) };
  const changes = await fetchChanges(board, { flight: key, limit: 50, token }).catch(
    () => undefined,
  );
  const change = changes?.find((change) => {
    const to = change.fields?.[field];
    const isOfRow = change.flight && keyOf(change.flight) === keyOf(key);
    return isOfRow && to !== undefined && isSame(field, to.to ?? undefined, value);
  });
  const instant = parseInstant(change?.time);
  return {
    time: instant === undefined ? undefined : clockText(instant, zone),
    publisher: change?.publisher,
    isFeed: change?.feed ?? false,
  };
}
