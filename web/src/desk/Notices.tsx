// The outcome of the newest change, and all changes of unknown outcome.

import type { FlightKey } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { Icon } from "../Icon.tsx";
import { labelOf, valueText, type FieldContext } from "../history/fields.ts";
import type { Conflict } from "./change.ts";
import { useOrigin } from "./ConflictNotice.tsx";
import type { DeskLanguage } from "./language/language.ts";
import type { DeskWork, Notice, WorkState } from "./work.ts";

interface Props {
  state: WorkState;
  work: DeskWork;
  texts: DeskLanguage;
  /** Undefined until the board is known. */
  context: FieldContext | undefined;
}

export function Notices({ state, work, texts, context }: Props) {
  const { notice, unknown } = state;
  return (
    <div class="desk-notices">
      {/* Both are always there, so that screen readers announce their texts. */}
      <div role="status">{notice?.tone === "made" && <Line notice={notice} texts={texts} />}</div>
      <div role="alert">
        {notice !== undefined && notice.tone !== "made" && (
          <Line notice={notice} texts={texts}>
            {notice.later && context && (
              <LaterChange
                {...notice.later}
                context={context}
                texts={texts}
                token={work.publisher.token}
              />
            )}
          </Line>
        )}
        {unknown.map(({ id, job, isRepeating }) => (
          <p key={id} class="desk-notice" data-tone="unknown">
            <Icon name="question" />
            <span>
              <b dir="auto">{texts.unknown(job.flight)}</b> {texts.unknownRepeats}
            </span>
            <button type="button" disabled={isRepeating} onClick={() => void work.repeat(id)}>
              {isRepeating ? texts.repeating : texts.repeat}
            </button>
          </p>
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  notice: Notice;
  texts: DeskLanguage;
  children?: ComponentChildren;
}

function Line({ notice, texts, children }: LineProps) {
  const { tone, text, detail } = notice;
  return (
    <p class="desk-notice" data-tone={tone}>
      <Icon name={tone === "made" ? "check" : "alert"} />
      <span dir="auto">
        {text(texts)}
        {detail !== undefined && (
          <>
            {" "}
            <span lang="en" dir="ltr">
              {detail}.
            </span>
          </>
        )}{" "}
        {children}
      </span>
    </p>
  );
}

interface LaterProps {
  flight: FlightKey;
  conflict: Conflict;
  context: FieldContext;
  texts: DeskLanguage;
  token: string | undefined;
}

function LaterChange({ flight, conflict, context, texts, token }: LaterProps) {
  const origin = useOrigin(flight, conflict, context, token);
  const theirs = valueText(conflict.field, conflict.theirs, flight, context);
  return <>{texts.changed(labelOf(conflict.field, context), theirs, origin)}</>;
}
