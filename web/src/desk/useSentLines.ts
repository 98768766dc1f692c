// The lines of a paste that were sent, and their outcomes. Repeating asks for the same lines under the same key, so the
// server makes none of them twice.

import { useState } from "preact/hooks";
import type { DeskLanguage } from "./language/language.ts";
import { effectText, type PasteLine } from "./paste.ts";
import {
  newIdempotencyKey,
  type BulkOutcome,
  type LineOutcome,
  type NotMade,
} from "./publisher.ts";
import type { DeskWork } from "./work.ts";

/** The lines of a request, with the key under which the server makes each of them once. */
export interface SentLines {
  readonly key: string;
  readonly all: readonly PasteLine[];
  readonly lines: readonly PasteLine[];
  /** By the index in `lines`. */
  readonly outcomes: ReadonlyMap<number, LineOutcome>;
  readonly refusal: NotMade | undefined;
  /** An earlier request may have been carried out. */
  readonly isDoubtful: boolean;
  readonly isBusy: boolean;
}

export function useSentLines(work: DeskWork, texts: DeskLanguage, onAllMade: () => void) {
  const [sent, setSent] = useState<SentLines>();
  const send = async (before: SentLines) => {
    setSent({ ...before, isBusy: true });
    const updates = before.lines.map(({ update }) => update);
    const outcome = await work.publisher.sendLines(updates, before.key);
    const after = received(before, outcome);
    for (const [index, { isMade }] of after.outcomes) {
      const line = before.lines[index];
      if (isMade && line?.undo && !before.outcomes.has(index))
        work.remember(line.flight, () => effectText(line, texts), line.undo);
    }
    setSent({ ...after, isBusy: false });
    // Published text is not kept against a reload.
    if (madeCount(after) === before.all.length) onAllMade();
    if (after.refusal?.kind === "access") void work.checkAccess();
  };
  return {
    sent,
    publish(all: readonly PasteLine[], lines: readonly PasteLine[]) {
      if (lines.length > 0 && sent === undefined) void send(newRequest(all, lines));
    },
    repeat: () => sent && void send(sent),
    forget: () => setSent(undefined),
  };
}

export function madeCount({ outcomes }: SentLines): number {
  return [...outcomes.values()].filter(({ isMade }) => isMade).length;
}

function newRequest(all: readonly PasteLine[], lines: readonly PasteLine[]): SentLines {
  return {
    key: newIdempotencyKey(),
    all,
    lines,
    outcomes: new Map(),
    refusal: undefined,
    isDoubtful: false,
    isBusy: true,
  };
}

/** A refusal of a repetition says nothing of the first request. */
function received(before: SentLines, { lines, isWhole, refusal }: BulkOutcome): SentLines {
  const outcomes = new Map(before.outcomes);
  for (const outcome of lines) outcomes.set(outcome.line - 1, outcome);
  const isDoubtful = before.isDoubtful || (!isWhole && refusal === undefined);
  return { ...before, outcomes, isDoubtful, refusal: isDoubtful ? undefined : refusal };
}
