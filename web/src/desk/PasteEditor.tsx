// Pastes many rows: a preview of each line, then one request, and the outcome of each line.

import type { Flight } from "flightboard-client";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { DeskLanguage } from "./language/language.ts";
import { readPaste, type PasteLine } from "./paste.ts";
import {
  newIdempotencyKey,
  type BulkOutcome,
  type LineOutcome,
  type NotMade,
} from "./publisher.ts";
import type { DeskContext } from "./RowEditor.tsx";
import type { DeskWork } from "./work.ts";

interface Props {
  text: string;
  rows: ReadonlyMap<string, Flight>;
  context: DeskContext;
  work: DeskWork;
  onType(text: string): void;
  onBack(): void;
}

/** The lines of a request, with the key under which the server makes each of them once. */
interface Sent {
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

export function PasteEditor({ text, rows, context, work, onType, onBack }: Props) {
  const { texts, holdsByDefault } = context;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [isHeld, setHeld] = useState(holdsByDefault);
  const [sent, setSent] = useState<Sent>();
  useEffect(() => form.current?.querySelector("textarea")?.focus(), []);
  const paste = useMemo(
    () => readPaste(text, rows, isHeld, texts, context),
    [text, rows, isHeld, texts, context],
  );
  const { columns, date } = context.language;
  const names = [columns.flight, date, columns.state, columns.gate, columns.estimated];
  const headings = names.join(", ");
  const ready = paste.lines.filter(({ update }) => update !== undefined);
  const effective = paste.lines.filter(({ effect }) => effect?.kind !== "none");

  const send = async (before: Sent) => {
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
    const isDone = [...after.outcomes.values()].filter(({ isMade }) => isMade).length;
    // Published text is not kept against a reload.
    if (isDone === before.all.length) onType("");
    if (after.refusal?.kind === "access") void work.checkAccess();
  };
  const publish = () => {
    if (ready.length === 0 || sent?.isBusy) return;
    void send({
      key: newIdempotencyKey(),
      all: paste.lines,
      lines: ready,
      outcomes: new Map(),
      refusal: undefined,
      isDoubtful: false,
      isBusy: true,
    });
  };
  return (
    <form
      ref={form}
      class="editor paste"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        publish();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || sent) return;
        event.preventDefault();
        publish();
      }}
    >
      <header>
        <h2 id={`${id}-title`}>{texts.paste}</h2>
        <button type="button" class="editor-back" onClick={onBack}>
          <Icon name="cross" />
          <span class="visually-hidden">{texts.back}</span>
        </button>
      </header>
      {sent === undefined ? (
        <>
          <p id={`${id}-help`}>{texts.pasteHelp(headings)}</p>
          <label for={`${id}-text`}>{texts.pasteLabel}</label>
          <textarea
            id={`${id}-text`}
            aria-describedby={`${id}-help`}
            rows={8}
            wrap="off"
            spellcheck={false}
            value={text}
            onInput={(event) => onType(event.currentTarget.value)}
          />
          <label class="whole">
            <input type="checkbox" checked={isHeld} onChange={() => setHeld(!isHeld)} />{" "}
            {texts.pasteHold}
          </label>
          <div aria-live="polite">
            {paste.errors.map((error, index) => (
              <p key={index} class="field-error">
                <Icon name="alert" /> {error(texts)}
              </p>
            ))}
          </div>
          <Lines lines={paste.lines} texts={texts} />
          <footer class="editor-actions">
            <button type="submit" class="primary" disabled={ready.length === 0}>
              {ready.length === 0
                ? texts.noLines
                : texts.publishLines(ready.length, effective.length)}
            </button>
          </footer>
        </>
      ) : (
        <Report
          sent={sent}
          texts={texts}
          onRepeat={() => void send(sent)}
          onClose={() => setSent(undefined)}
        />
      )}
    </form>
  );
}

function Lines({ lines, texts }: { lines: readonly PasteLine[]; texts: DeskLanguage }) {
  return (
    <ol class="paste-lines">
      {lines.map((line) => (
        <li
          key={line.line}
          data-line={line.line}
          data-bad={line.errors.length > 0 ? "" : undefined}
        >
          <LineHead line={line} texts={texts} />
          {line.errors.map((error, index) => (
            <span key={index} class="field-error">
              <Icon name="alert" /> {error(texts)}
            </span>
          ))}
          {line.errors.length === 0 && <span dir="auto">{effectText(line, texts)}</span>}
        </li>
      ))}
    </ol>
  );
}

function LineHead({ line: { line, flight }, texts }: { line: PasteLine; texts: DeskLanguage }) {
  return (
    <>
      <span class="paste-number">
        {texts.line} {line}
      </span>{" "}
      <b>
        <bdi>{flight}</bdi>
      </b>{" "}
    </>
  );
}

interface ReportProps {
  sent: Sent;
  texts: DeskLanguage;
  onRepeat(): void;
  onClose(): void;
}

function Report({ sent, texts, onRepeat, onClose }: ReportProps) {
  const { all, lines, outcomes, refusal, isBusy } = sent;
  const made = [...outcomes.values()].filter(({ isMade }) => isMade).length;
  const unknown = refusal === undefined && !isBusy ? lines.length - outcomes.size : 0;
  const skipped = all.filter(({ errors }) => errors.length > 0).length;
  return (
    <>
      <div role={unknown > 0 || refusal ? "alert" : "status"}>
        <p class="desk-notice" data-tone={unknown > 0 ? "unknown" : made > 0 ? "made" : "notMade"}>
          {isBusy && texts.publishing}
          {!isBusy && refusal && (
            <span>
              {texts.noLineMade}{" "}
              {"detail" in refusal && (
                <span lang="en" dir="ltr">
                  {refusal.detail}.
                </span>
              )}
            </span>
          )}
          {!isBusy && !refusal && texts.linesDone(made, outcomes.size - made, unknown, skipped)}{" "}
          {unknown > 0 && texts.unknownRepeats}
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

function LineResult({ line, sent, texts }: { line: PasteLine; sent: Sent; texts: DeskLanguage }) {
  const index = sent.lines.indexOf(line);
  const outcome = sent.outcomes.get(index);
  if (line.effect?.kind === "none") return <span>{texts.noEffect}</span>;
  if (index === -1 || sent.refusal) return <span>{texts.lineSkipped}</span>;
  if (outcome === undefined) return <span>{sent.isBusy ? "" : texts.lineUnknown}</span>;
  if (outcome.isMade) return <span>{texts.lineMade}</span>;
  return <span class="field-error">{texts.lineRefused(outcome.detail ?? "")}</span>;
}

/** A refusal of a repetition says nothing of the first request. */
function received(before: Sent, { lines, isWhole, refusal }: BulkOutcome): Sent {
  const outcomes = new Map(before.outcomes);
  for (const outcome of lines) outcomes.set(outcome.line - 1, outcome);
  const isDoubtful = before.isDoubtful || (!isWhole && refusal === undefined);
  return { ...before, outcomes, isDoubtful, refusal: isDoubtful ? undefined : refusal };
}

function effectText({ effect }: PasteLine, texts: DeskLanguage): string {
  if (effect === undefined || effect.kind === "none") return texts.noEffect;
  return effect.kind === "new" ? `${texts.newFlight}: ${effect.text}` : effect.text;
}
