// Carries out a change of one row: reads the row, compares it with the values that the person has seen, and changes it
// on the condition that it is still the same. So no change overwrites an unknown one.

import type { Flight, FlightKey } from "flightboard-client";
import { conflictsOf, differences, patchOf, undoOf, type Conflict, type Edit } from "./change.ts";
import {
  newIdempotencyKey,
  type ChangeRequest,
  type NotMade,
  type Publisher,
} from "./publisher.ts";

/** Of rows that change all the time. */
const MAX_ATTEMPTS = 5;

export type Change =
  | { kind: "edit"; edit: Edit }
  | { kind: "add"; row: Flight }
  /** Of a row that this desk has added, if it is as it was then. */
  | { kind: "remove"; row: Flight };

export type Result =
  | { kind: "made"; undo: Change | undefined }
  /** The row is so already. */
  | { kind: "unchanged" }
  | { kind: "conflict"; conflicts: readonly Conflict[]; row: Flight }
  /** The row is not on the board any more. */
  | { kind: "gone" }
  /** There is a row with the key of the new one. */
  | { kind: "exists" }
  /** The row changed again and again, or while the outcome was unknown. */
  | { kind: "overtaken" }
  | { kind: "notMade"; reason: NotMade }
  /** `repeat` sends the same request again: the server makes the change once. */
  | { kind: "unknown"; repeat: () => Promise<Result> };

export async function carryOut(change: Change, publisher: Publisher): Promise<Result> {
  switch (change.kind) {
    case "edit":
      return publishEdit(change.edit, publisher);
    case "add":
      return add(change.row, publisher);
    case "remove":
      return remove(change.row, publisher);
  }
}

async function publishEdit(edit: Edit, publisher: Publisher): Promise<Result> {
  return onCurrentRow(edit.key, publisher, (row, etag) => {
    const conflicts = conflictsOf(edit, row);
    if (conflicts.length > 0) return { kind: "conflict", conflicts, row };
    const body = patchOf(edit, row);
    if (body === undefined) return { kind: "unchanged" };
    const undo = undoOf(edit, row);
    const request = requestOf("PATCH", edit.key, { "If-Match": etag }, body);
    return send(request, publisher, undo && { kind: "edit", edit: undo });
  });
}

async function add(row: Flight, publisher: Publisher): Promise<Result> {
  const request = requestOf("PUT", row, { "If-None-Match": "*" }, row);
  const result = await send(request, publisher, { kind: "remove", row });
  return result.kind === "overtaken" ? { kind: "exists" } : result;
}

async function remove(added: Flight, publisher: Publisher): Promise<Result> {
  return onCurrentRow(added, publisher, (row, etag) => {
    const conflicts = differences(added, row).map((field) => {
      return { field, mine: added[field], theirs: row[field] };
    });
    if (conflicts.length > 0) return { kind: "conflict", conflicts, row };
    return send(requestOf("DELETE", added, { "If-Match": etag }), publisher, undefined);
  });
}

/** Reads the row and acts on it, again while others change it between the two. */
async function onCurrentRow(
  key: FlightKey,
  publisher: Publisher,
  act: (row: Flight, etag: string) => Result | Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const read = await publisher.read(key);
    if (read.kind === "gone") return read;
    if (read.kind !== "row") return { kind: "notMade", reason: read };
    const result = await act(read.row, read.etag);
    if (result.kind !== "overtaken" || attempt === MAX_ATTEMPTS) return result;
  }
}

async function send(
  request: ChangeRequest,
  publisher: Publisher,
  undo: Change | undefined,
): Promise<Result> {
  const outcome = await publisher.send(request);
  switch (outcome.kind) {
    case "made":
      return { kind: "made", undo };
    case "outdated":
      return { kind: "overtaken" };
    case "gone":
      return outcome;
    case "unknown":
      return { kind: "unknown", repeat: () => send(request, publisher, undo) };
    default:
      return { kind: "notMade", reason: outcome };
  }
}

function requestOf(
  method: ChangeRequest["method"],
  { flight, date, leg }: FlightKey,
  condition: Record<string, string>,
  body?: unknown,
): ChangeRequest {
  const key = { flight, ...(date && { date }), ...(leg && { leg }) };
  return { method, key, condition, body, idempotencyKey: newIdempotencyKey() };
}
