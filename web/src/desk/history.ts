// The last changes of a board, with their publishers.

import { type Flight, type FlightKey, isObject, keyOf, parseInstant } from "flightboard-client";
import { boardPath, urlOf } from "../route.ts";
import { isSame } from "./change.ts";
import { FIELDS, type FieldName, type Value } from "./fields.ts";
import type { Origin } from "./language/language.ts";
import { clockText } from "../time.ts";

const RESPONSE_TIMEOUT_MILLIS = 5_000;

export interface LoggedChange {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly event: string;
  readonly flight?: FlightKey;
  readonly publisher?: string;
  readonly feed?: boolean;
  readonly fields?: Readonly<Record<string, { from?: Value | null; to?: Value | null }>>;
}

/** Undefined if the server has no such list; an error if it does not answer. */
export async function fetchChanges(
  board: string,
  { flight, limit, token }: { flight?: FlightKey; limit: number; token: string | undefined },
): Promise<readonly LoggedChange[] | undefined> {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(flight ?? {})) if (value) query.set(name, value);
  const response = await fetch(`${urlOf(boardPath(board))}/changes?${query}`, {
    cache: "no-store",
    headers: {
      Accept: "application/json",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
  });
  if (response.status === 404) return undefined;
  const answer: unknown = await response.json();
  if (!isObject(answer) || !Array.isArray(answer.changes))
    throw new Error(`no list of changes, but status ${response.status}`);
  return answer.changes.filter(isLogged);
}

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

/** The fields of a change that a person can read, in the order of the row. */
export function readableFields({ fields = {} }: LoggedChange) {
  return (Object.keys(FIELDS) as FieldName[]).flatMap((field) => {
    const change = fields[field];
    return change === undefined ? [] : [{ field, to: change.to ?? undefined }];
  });
}

/** A row with one field, so that its value is shown as that of a row. */
export function rowWith(key: FlightKey, field: FieldName, value: Value): Flight {
  return { ...key, [field]: value };
}

function isLogged(change: unknown): change is LoggedChange {
  return isObject(change) && typeof change.time === "string" && typeof change.event === "string";
}
