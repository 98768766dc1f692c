// The figures of `GET /boards/{board}/punctuality`, and the request for them.

import { isObject, parseInstant } from "flightboard-client";
import { boardPath, urlOf } from "../route.ts";
import type { Span } from "./span.ts";

const RESPONSE_TIMEOUT_MILLIS = 20_000;

/** Of some flights. Shares and delays are null without flights to count. */
export interface Figures {
  readonly flights: number;
  readonly onTime: number;
  readonly late: number;
  readonly cancelled: number;
  readonly diverted: number;
  readonly unknown: number;
  readonly onTimeShare: number | null;
  /** In minutes, negative if early. */
  readonly medianDelay: number | null;
  readonly p90Delay: number | null;
}

export interface HourFigures extends Figures {
  /** 0 to 23. */
  readonly hour: number;
}

export interface AirlineFigures extends Figures {
  readonly airline: string;
}

export interface Punctuality {
  /** RFC 3339, as `to` and `asOf`. */
  readonly from: string;
  readonly to: string;
  readonly asOf: string;
  readonly timeZone: string;
  readonly overall: Figures;
  readonly byHour: readonly HourFigures[];
  readonly byAirline: readonly AirlineFigures[];
  readonly moreAirlines: number;
}

export interface Answer {
  /** Undefined if the history begins after the span. */
  readonly punctuality?: Punctuality;
  /** The beginning of the history, if it is after that of the span. */
  readonly beginsAt?: number;
  /** The server's reason to refuse the span. */
  readonly refusal?: string;
}

/** The figures of a span, as far back as the server knows it. An error if the server does not answer. */
export async function fetchPunctuality(board: string, span: Span): Promise<Answer> {
  const answer = await ask(board, span);
  if (answer.beginsAt === undefined || answer.beginsAt >= span.to) return answer;
  const { punctuality } = await ask(board, { ...span, from: answer.beginsAt });
  return { ...answer, ...(punctuality && { punctuality }) };
}

async function ask(board: string, { from, to }: Span): Promise<Answer> {
  const [first, end] = [from, to].map((time) => new Date(time).toISOString());
  const query = new URLSearchParams({ from: first!, to: end! });
  const response = await fetch(`${urlOf(boardPath(board))}/punctuality?${query}`, {
    cache: "no-store",
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
  });
  const answer: unknown = await response.json();
  if (response.ok && isPunctuality(answer)) return { punctuality: answer };
  if (isObject(answer)) {
    const beginsAt = parseInstant(String(answer.oldest));
    if (response.status === 410 && beginsAt !== undefined) return { beginsAt };
    if (response.status === 400 && typeof answer.detail === "string") {
      return { refusal: answer.detail };
    }
  }
  throw new Error(`no figures, but status ${response.status}`);
}

function isPunctuality(answer: unknown): answer is Punctuality {
  return isObject(answer) && isObject(answer.overall) && Array.isArray(answer.byAirline);
}
