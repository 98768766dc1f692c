// The last rows of boards, in the browser's own cache: nothing but this page reads it.

import type { Board, BoardSource, Flight, Timetable } from "flightboard-client";

export interface KeptRows {
  readonly timetable: Timetable;
  /** When they were right, by the server's clock. */
  readonly at: number;
}

/** By the URLs of boards. */
export interface RowStore {
  keep(url: string, rows: KeptRows): Promise<void>;
  read(url: string): Promise<KeptRows | undefined>;
  forget(url: string): Promise<void>;
}

/** Another one when the form of its contents changes. */
const CACHE = "flightboard-rows-1";

export const MAX_BOARDS = 8;
/** A board of 5,000 rows with many fields. */
export const MAX_CHARACTERS = 5_000_000;

interface Content {
  at: number;
  board: Board;
  source: BoardSource | null;
  flights: [key: string, flight: Flight][];
}

export function createRowStore(storage: Pick<CacheStorage, "open">): RowStore {
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other, so that rows which are forgotten stay forgotten. */
  function inTurn<Result>(run: (cache: Cache) => Promise<Result>): Promise<Result> {
    const result = last.then(async () => run(await storage.open(CACHE)));
    last = result.catch(() => undefined);
    return result;
  }
  return {
    keep: (url, { timetable: { board, source, flights }, at }) =>
      inTurn(async (cache) => {
        if (board === null) return;
        const content: Content = { at, board, source, flights: [...flights] };
        const text = JSON.stringify(content);
        if (text.length > MAX_CHARACTERS) return void (await cache.delete(url));
        await cache.put(url, new Response(text));
        const [oldest, ...others] = await cache.keys();
        if (oldest && others.length >= MAX_BOARDS) await cache.delete(oldest);
      }),
    read: (url) =>
      inTurn(async (cache) => {
        const response = await cache.match(url);
        if (!response) return undefined;
        const { at, board, source, flights } = (await response.json()) as Content;
        return { at, timetable: { board, source, flights: new Map(flights), closed: null } };
      }),
    forget: (url) => inTurn(async (cache) => void (await cache.delete(url))),
  };
}
