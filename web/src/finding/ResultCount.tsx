// Shows the number of flights that were found, and announces it once the reader stops typing.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Language } from "../language/language.ts";
import type { Finding } from "./useFinding.ts";

/** A screen reader would read the count of each letter. */
export const SETTLE_MILLIS = 500;

interface Props {
  finding: Pick<Finding, "found" | "isNarrowed" | "clear">;
  /** The search: a change of it is announced. */
  filters: unknown;
  now: number;
  language: Language;
}

export function ResultCount({ finding, filters, now, language }: Props) {
  const { found, isNarrowed, clear } = finding;
  const earlier = found.filter(({ overAt }) => overAt <= now).length;
  const text = isNarrowed ? language.found(found.length, earlier) : "";
  const [announced, setAnnounced] = useState("");
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    const timer = setTimeout(() => setAnnounced(latest.current), SETTLE_MILLIS);
    return () => clearTimeout(timer);
    // A change of the rows is no reason to announce: on a live board it would never end.
  }, [filters]);
  return (
    <>
      {isNarrowed && found.length > 0 && (
        <div class="found">
          <span aria-hidden="true">{text}</span>
          <button type="button" class="chip" onClick={clear}>
            {language.clear}
          </button>
        </div>
      )}
      <p class="visually-hidden" aria-live="polite" data-found>
        {announced}
      </p>
    </>
  );
}
