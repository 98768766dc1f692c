// The last changes of a board, with their publishers, from the server.

import { type FlightKey, isObject } from "flightboard-client";
import { boardPath, urlOf } from "../route.ts";
import { fieldNames, type Value } from "./fields.ts";

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

interface ChangesQuery {
  flight?: FlightKey;
  limit: number;
  /** Only changes at this time or before, in milliseconds since 1970. */
  until?: number | undefined;
  token: string | undefined;
}

/** Undefined if the server has no such list; an error if it does not answer. */
export async function fetchChanges(
  board: string,
  { flight, limit, until, token }: ChangesQuery,
): Promise<readonly LoggedChange[] | undefined> {
  const query = new URLSearchParams({ limit: String(limit) });
  // The server leaves out changes at `to`, but rows as of a time have them.
  if (until !== undefined) query.set("to", new Date(Math.floor(until) + 1).toISOString());
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

/** The fields of a change that a person can read, in the order of the row. */
export function readableFields({ fields = {} }: LoggedChange) {
  return fieldNames.flatMap((field) => {
    const change = fields[field];
    if (change === undefined) return [];
    return [{ field, from: change.from ?? undefined, to: change.to ?? undefined }];
  });
}

function isLogged(change: unknown): change is LoggedChange {
  return isObject(change) && typeof change.time === "string" && typeof change.event === "string";
}
