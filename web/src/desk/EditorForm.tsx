// The frame of every editor: its title, the way back to the list, and the keys that publish.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { DeskContext } from "./context.ts";
import type { DeskLanguage } from "./language/language.ts";
import { StateOptions } from "./StateOptions.tsx";

interface FormProps {
  title: ComponentChildren;
  class?: string;
  /** Selects the element that has the focus at first. */
  focusOn: string;
  context: DeskContext;
  onPublish(form: HTMLFormElement): void;
  onBack(): void;
  children: ComponentChildren;
}

export function EditorForm({ title, focusOn, context, onPublish, onBack, ...props }: FormProps) {
  const { texts, language } = context;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>(focusOn)?.focus(), []);
  const publish = () => onPublish(form.current!);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLElement)) return;
    const isCommand = event.ctrlKey || event.metaKey;
    // Enter alone is too easily pressed to change all screens.
    if (!event.target.matches(isCommand ? "input, textarea" : "input")) return;
    event.preventDefault();
    if (isCommand) publish();
  };
  return (
    <form
      ref={form}
      class={`editor ${props.class ?? ""}`}
      aria-labelledby={id}
      onSubmit={(event) => {
        event.preventDefault();
        publish();
      }}
      onKeyDown={onKeyDown}
    >
      <header>
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="editor-back" onClick={onBack}>
          <Icon name="cross" />
          <span class="visually-hidden">{texts.back}</span>
        </button>
      </header>
      <StateOptions language={language} />
      {props.children}
    </form>
  );
}

interface ActionsProps {
  /** While it is being published. */
  isBusy: boolean;
  texts: DeskLanguage;
  children: ComponentChildren;
}

/** The button that publishes a row, before others. */
export function EditorActions({ isBusy, texts, children }: ActionsProps) {
  return (
    <footer class="editor-actions">
      <button type="submit" class="primary" aria-keyshortcuts="Control+Enter" disabled={isBusy}>
        {isBusy ? texts.publishing : texts.publish} <kbd>Ctrl Enter</kbd>
      </button>
      {children}
    </footer>
  );
}

interface HoldBoxProps {
  label: string;
  isHeld: boolean;
  isReadOnly: boolean;
  onTurn(): void;
}

export function HoldBox({ label, isHeld, isReadOnly, onTurn }: HoldBoxProps) {
  return (
    <label class="whole">
      <input type="checkbox" checked={isHeld} disabled={isReadOnly} onChange={onTurn} /> {label}
    </label>
  );
}
