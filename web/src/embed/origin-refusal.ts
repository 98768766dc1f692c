// Tells whether the server refuses its data to pages of this origin. To a script a refusal looks like a lost network.

import type { Clock } from "flightboard-client";
import { useEffect, useState } from "preact/hooks";
import type { BoardAddress } from "./settings.ts";

const RESPONSE_TIMEOUT_MILLIS = 10_000;

/** An operator who has set the option sees its effect within this time. */
export const RETRY_MILLIS = 30_000;

/** Asks while `isWaiting` for the first rows. */
export function useOriginRefusal(board: BoardAddress, isWaiting: boolean, clock: Clock): boolean {
  const [isRefused, setRefused] = useState(false);
  useEffect(() => {
    if (!isWaiting) return;
    let isPresent = true;
    let cancel: (() => void) | undefined;
    const ask = async () => {
      const answer = await isOriginRefused(board);
      if (!isPresent) return;
      if (answer) console.error(`flightboard: ${refusalHelp(board)}`);
      setRefused(answer);
      cancel = clock.after(RETRY_MILLIS, () => void ask());
    };
    void ask();
    return () => {
      isPresent = false;
      cancel?.();
      setRefused(false);
    };
  }, [board, isWaiting, clock]);
  return isRefused;
}

/** The script of the element is for all origins. If it can be had and the board cannot, this origin is refused. */
export async function isOriginRefused({ root, url }: BoardAddress): Promise<boolean> {
  return (
    (await outcomeOf(`${root}/embed.js`)) === "answered" && (await outcomeOf(url)) === "blocked"
  );
}

/** The origin of a file is "null", which no option can name. */
export function optionFor(origin: string): string {
  return `--allow-origin ${origin === "null" ? "'*'" : origin}`;
}

function refusalHelp({ url }: BoardAddress): string {
  const { origin } = window.location;
  return `the server does not let pages of ${origin} read ${url}; start it with ${optionFor(origin)}`;
}

async function outcomeOf(url: string): Promise<"answered" | "blocked" | "unknown"> {
  const signal = AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS);
  try {
    await fetch(url, { cache: "no-store", signal });
    return "answered";
  } catch {
    return signal.aborted ? "unknown" : "blocked";
  }
}
