// The rows that the page's own document has: with them, the first rows need no request. They are no newer than the
// document, so the stream has to confirm them as it does those of a request.

import { isBoard, parseInstant, type BoardRows } from "flightboard-client";
import type { Cities } from "./cities.ts";

/** A document may come from a cache, as when a browser restores its tabs. Older rows are requested again. */
export const FRESH_MILLIS = 30_000;

type FetchRows = (url: string) => Promise<BoardRows | null>;

/** When this computer asked for the document, and a clock. */
interface Times {
  readonly askedAt: number;
  now(): number;
}

/** Answers the first call with the rows of the document, if they are those of the board and fresh. */
export function withFirstRows(document: Document, times: Times, fetchRows: FetchRows): FetchRows {
  let first = document.getElementById("first-rows");
  return async (url) => {
    const element = first;
    first = null;
    const data = element && isFresh(element, times.now()) && contentOf(element);
    return isBoard(data?.board, url) ? { data, id: data.id, at: times.askedAt } : fetchRows(url);
  };
}

/** The names of the places in those rows. */
export function firstPlaces(document: Document): Cities {
  const element = document.getElementById("first-places");
  return new Map(Object.entries(element ? contentOf(element) : {}));
}

/** By this computer's clock; a wrong clock costs a request. */
function isFresh({ dataset }: HTMLElement, now: number): boolean {
  return Math.abs(now - (parseInstant(dataset.at) ?? -Infinity)) <= FRESH_MILLIS;
}

function contentOf(element: HTMLElement) {
  const { textContent } = element;
  element.remove();
  return JSON.parse(textContent);
}
