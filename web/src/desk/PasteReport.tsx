// The outcome of each line of a paste.

import type { DeskLanguage } from "./language/language.ts";
import type { PasteLine } from "./paste.ts";
import { LineHead } from "./PasteLines.tsx";
import { madeCount, type SentLines } from "./useSentLines.ts";

interface Props {
  sent: SentLines;
  texts: DeskLanguage;
  onRepeat(): void;
  onClose(): void;
}

export function PasteReport({ sent, texts, onRepeat, onClose }: Props) {
  const { all, refusal, isBusy } = sent;
  const unknown = unknownCount(sent);
  const tone = unknown > 0 ? "unknown" : madeCount(sent) > 0 ? "made" : "notMade";
  return (
    <>
      <div role={unknown > 0 || refusal ? "alert" : "status"}>
        <p class="desk-notice" data-tone={tone}>
          <Summary sent={sent} unknown={unknown} texts={texts} />
        </p>
      </div>
      <ol class="paste-lines">
        {all.map((line) => (
          <li key={line.line} data-line={line.line}>
            <LineHead line={line} texts={texts} />
            <LineResult line={line} sent={sent} texts={texts} />
          </li>
        ))}
      </ol>
      <footer class="editor-actions">
        {(unknown > 0 || refusal) && (
          <button type="button" class="primary" disabled={isBusy} onClick={onRepeat}>
            {texts.repeat}
          </button>
        )}
        <button type="button" disabled={isBusy} onClick={onClose}>
          {texts.goBackToText}
        </button>
      </footer>
    </>
  );
}

function unknownCount({ lines, outcomes, refusal, isBusy }: SentLines): number {
  return refusal === undefined && !isBusy ? lines.length - outcomes.size : 0;
}

interface SummaryProps {
  sent: SentLines;
  unknown: number;
  texts: DeskLanguage;
}

function Summary({ sent, unknown, texts }: SummaryProps) {
  const { all, outcomes, refusal, isBusy } = sent;
  if (isBusy) return texts.publishing;
  if (refusal)
    return (
      <span>
        {texts.noLineMade}{" "}
        {"detail" in refusal && (
          <span lang="en" dir="ltr">
            {refusal.detail}.
          </span>
        )}
      </span>
    );
  const made = madeCount(sent);
  const skipped = all.filter(({ errors }) => errors.length > 0).length;
  return (
    <>
      {texts.linesDone(made, outcomes.size - made, unknown, skipped)}{" "}
      {unknown > 0 && texts.unknownRepeats}
    </>
  );
}

interface ResultProps {
  line: PasteLine;
  sent: SentLines;
  texts: DeskLanguage;
}

function LineResult({ line, sent, texts }: ResultProps) {
  const index = sent.lines.indexOf(line);
  const outcome = sent.outcomes.get(index);
  if (line.effect?.kind === "none") return <span>{texts.noEffect}</span>;
  if (index === -1 || sent.refusal) return <span>{texts.lineSkipped}</span>;
  if (outcome === undefined) return <span>{sent.isBusy ? "" : texts.lineUnknown}</span>;
  if (outcome.isMade) return <span>{texts.lineMade}</span>;
  return <span class="field-error">{texts.lineRefused(outcome.detail ?? "")}</span>;
}
