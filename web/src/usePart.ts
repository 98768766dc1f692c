// A part of the page that is fetched when it is needed, with retries.

import type { Clock } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";

export const FIRST_RETRY_MILLIS = 1_000;
export const MAX_ATTEMPTS = 6;

/** Undefined until the part is there. If it does not come, the page has failed. */
export function usePart<Part>(clock: Clock, load: () => Promise<Part>): Part | undefined {
  const [result, setResult] = useState<{ part: Part } | { error: unknown }>();
  useEffect(() => {
    let isPresent = true;
    loadPart(clock, load)
      .then((part) => ({ part }))
      .catch((error: unknown) => ({ error }))
      .then((result) => isPresent && setResult(result));
    return () => {
      isPresent = false;
    };
  }, [clock, load]);
  if (result !== undefined && "error" in result) throw result.error;
  return result?.part;
}

/** Some browsers remember a module that failed, so after the last attempt the page itself has to be loaded again. */
export async function loadPart<Part>(clock: Clock, load: () => Promise<Part>): Promise<Part> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await load();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw error;
      const wait = FIRST_RETRY_MILLIS * 2 ** (attempt - 1);
      await new Promise<void>((resume) => clock.after(wait, resume));
    }
  }
}
