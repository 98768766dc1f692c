// The changes for which a wall returns to its first page.

import type { Change } from "../changes.ts";
import type { SortedRow } from "../rows/order.ts";
import { litTile } from "../rows/status.ts";

/** Whether a row of the page has just been called to its gate or belt, or has another one. */
export function hasCall(changes: readonly Change[], page: readonly SortedRow[]): boolean {
  return changes.some(
    ({ kind, key, flight, fields }) =>
      kind === "changed" && isNews(fields, litTile(flight)) && page.some((row) => row.key === key),
  );
}

function isNews(fields: Change["fields"], tile: ReturnType<typeof litTile>): boolean {
  return tile !== undefined && (fields.has("state") || fields.has(tile));
}
