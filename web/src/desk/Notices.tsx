// The outcome of the newest change, and all changes of unknown outcome.

import { Icon } from "../Icon.tsx";
import type { DeskLanguage } from "./language/language.ts";
import type { DeskWork, Notice, WorkState } from "./work.ts";

interface Props {
  state: WorkState;
  work: DeskWork;
  texts: DeskLanguage;
}

export function Notices({ state, work, texts }: Props) {
  const { notice, unknown } = state;
  return (
    <div class="desk-notices">
      {/* Both are always there, so that screen readers announce their texts. */}
      <div role="status">{notice?.tone === "made" && <Line notice={notice} texts={texts} />}</div>
      <div role="alert">
        {notice !== undefined && notice.tone !== "made" && <Line notice={notice} texts={texts} />}
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

function Line({ notice, texts }: { notice: Notice; texts: DeskLanguage }) {
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
        )}
      </span>
    </p>
  );
}
