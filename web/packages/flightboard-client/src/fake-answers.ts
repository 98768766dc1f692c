// Answers to plain requests in tests.

import { vi } from "vitest";

/** Replaces `fetch`. Its URLs are those of the calls. */
export function answers(answer: () => Promise<Response>) {
  const fetch = vi.fn((_url: string) => answer());
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

export function problem(details: object, status = 404): Response {
  const headers = { "Content-Type": "application/problem+json" };
  return Response.json(details, { status, headers });
}
