// Sends changes to the server, and says of each whether it was made. Only an answer of this server counts: a proxy may
// answer too, after the change was made.

import { type Flight, type FlightKey, isObject } from "flightboard-client";
import { boardPath, urlOf } from "../route.ts";

const RESPONSE_TIMEOUT_MILLIS = 10_000;
/** Of a paste: the server answers its lines as it publishes them. */
const BULK_TIMEOUT_MILLIS = 60_000;

export interface ChangeRequest {
  readonly method: "PUT" | "PATCH" | "DELETE";
  readonly key: FlightKey;
  readonly body?: unknown;
  /** `If-Match` or `If-None-Match`. */
  readonly condition: Readonly<Record<string, string>>;
  /** The server carries out a repeated request with the same key once. */
  readonly idempotencyKey: string;
}

export type NotMade =
  | { kind: "access"; status: number; detail: string }
  | { kind: "refused"; detail: string }
  /** The request never reached the server, or it made no change. */
  | { kind: "unreachable" };

export type Outcome =
  | { kind: "made"; id: string; etag: string | undefined; row: Flight | undefined }
  | { kind: "outdated" }
  | { kind: "gone" }
  | { kind: "unknown" }
  | NotMade;

export type ReadOutcome = { kind: "row"; row: Flight; etag: string } | { kind: "gone" } | NotMade;

export interface LineOutcome {
  readonly line: number;
  readonly isMade: boolean;
  readonly detail: string | undefined;
}

export interface BulkOutcome {
  /** In the order of the answer, which may have ended early. */
  readonly lines: readonly LineOutcome[];
  /** All lines have an answer. */
  readonly isWhole: boolean;
  /** Why no line was published. */
  readonly refusal?: NotMade;
}

export class Publisher {
  /** Kept here alone: neither a URL nor the browser's storage has it. */
  token: string | undefined;

  constructor(private readonly board: string) {}

  /** Asks for the right to publish: an empty list of updates changes nothing. */
  async probe(): Promise<{ kind: "allowed" } | NotMade> {
    const answer = await this.#ask("", { method: "POST", headers: BULK });
    if (answer?.status === 200 && answer.isBulk) return { kind: "allowed" };
    return refusalOf(answer) ?? { kind: "unreachable" };
  }

  async read(key: FlightKey): Promise<ReadOutcome> {
    const answer = await this.#ask(pathOf(key), {});
    const etag = answer?.headers.get("ETag");
    if (answer?.status === 200 && etag && isRow(answer.body))
      return { kind: "row", row: answer.body, etag };
    if (isAbsent(answer)) return { kind: "gone" };
    return refusalOf(answer) ?? { kind: "unreachable" };
  }

  async send({ method, key, body, condition, idempotencyKey }: ChangeRequest): Promise<Outcome> {
    const answer = await this.#ask(pathOf(key), {
      method,
      headers: {
        "Content-Type": "application/json",
        "Idempotency-Key": idempotencyKey,
        ...condition,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const id = answer?.headers.get("Event-Id");
    if (answer !== undefined && answer.status < 300 && id) {
      const etag = answer.headers.get("ETag") ?? undefined;
      return { kind: "made", id, etag, row: isRow(answer.body) ? answer.body : undefined };
    }
    if (isAbsent(answer)) return { kind: "gone" };
    if (answer?.status === 412 && answer.isProblem) return { kind: "outdated" };
    return refusalOf(answer) ?? { kind: "unknown" };
  }

  /** Many updates, one per line. A connection that breaks loses the outcomes of the unanswered lines alone. */
  async sendLines(lines: readonly unknown[], idempotencyKey: string): Promise<BulkOutcome> {
    const request: RequestInit = {
      method: "POST",
      headers: { ...BULK, "Idempotency-Key": idempotencyKey },
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
      signal: AbortSignal.timeout(BULK_TIMEOUT_MILLIS),
    };
    let response: Response;
    try {
      response = await this.#fetch("", request);
    } catch {
      return { lines: [], isWhole: false };
    }
    if (response.status !== 200 || !isBulk(response)) {
      const refusal = refusalOf(await answerOf(response));
      return { lines: [], isWhole: false, ...(refusal && { refusal }) };
    }
    const outcomes = (await readLines(response)).flatMap((text) => lineOutcome(text) ?? []);
    return { lines: outcomes, isWhole: outcomes.length === lines.length };
  }

  async #ask(path: string, request: RequestInit): Promise<Answer | undefined> {
    try {
      return await answerOf(await this.#fetch(path, request));
    } catch {
      return undefined;
    }
  }

  #fetch(path: string, { headers, ...request }: RequestInit): Promise<Response> {
    return fetch(`${urlOf(boardPath(this.board))}/flights${path}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
      headers: {
        Accept: "application/json",
        ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }),
        ...(headers as Record<string, string>),
      },
      ...request,
    });
  }
}

/** 128 random bits. `crypto.randomUUID` is for secure contexts only. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `desk-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

const BULK = { "Content-Type": "application/x-ndjson" };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly isProblem: boolean;
  readonly isBulk: boolean;
  /** Undefined without JSON. */
  readonly body: unknown;
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const isProblem = headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
  const text = await response.text();
  return { status, headers, isProblem, isBulk: isBulk(response), body: jsonOf(text) };
}

/** Undefined if the change may have been made. */
function refusalOf(answer: Answer | undefined): NotMade | undefined {
  if (answer === undefined || !answer.isProblem || !isObject(answer.body)) return undefined;
  const { status, body } = answer;
  const detail = typeof body.detail === "string" ? body.detail : String(body.title);
  if (status === 401 || status === 403) return { kind: "access", status, detail };
  if (status >= 400 && body.title !== "Outcome unknown") return { kind: "refused", detail };
  return undefined;
}

function isAbsent(answer: Answer | undefined): boolean {
  const { isProblem, body, status } = answer ?? {};
  return status === 404 && isProblem === true && isObject(body) && body.field === "flight";
}

function isRow(body: unknown): body is Flight {
  return isObject(body) && typeof body.flight === "string";
}

function isBulk(response: Response): boolean {
  return response.headers.get("Content-Type")?.startsWith("application/x-ndjson") ?? false;
}

function pathOf({ flight, date, leg }: FlightKey): string {
  const query = new URLSearchParams({ ...(date && { date }), ...(leg && { leg }) }).toString();
  return `/${encodeURIComponent(flight)}${query && `?${query}`}`;
}

async function readLines(response: Response): Promise<string[]> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    const reader = response.body!.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += decoder.decode(part.value, { stream: true });
  } catch {
    // The rest of the lines has no answer.
  }
  // A line that was cut off is no answer.
  return text.split("\n").slice(0, -1);
}

function lineOutcome(text: string): LineOutcome | undefined {
  const answer = jsonOf(text);
  if (!isObject(answer) || typeof answer.line !== "number") return undefined;
  const { line, status, title } = answer;
  const isMade = typeof status === "number" && status < 300;
  // Later lines may yet become known.
  if (title === "Outcome unknown") return undefined;
  const detail = typeof answer.detail === "string" ? answer.detail : undefined;
  return { line, isMade, detail };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
