// The actions of the desk that need no flight, and the rule by which fields are held.

import type { BoardSource } from "flightboard-client";
import { Icon } from "../Icon.tsx";
import { SourceLine } from "../SourceLine.tsx";
import { zoneOf } from "../time.ts";
import type { DeskContext } from "./context.ts";

interface Props {
  source: BoardSource | null;
  /** The server's time, if it is known. */
  now: number | undefined;
  canUndo: boolean;
  context: DeskContext;
  onAdd(): void;
  onPaste(): void;
  onUndo(): void;
  onKeys(): void;
}

export function DeskBar(props: Props) {
  const { source, now, canUndo, context } = props;
  const { texts, language, board } = context;
  return (
    <div class="desk-bar">
      <button type="button" aria-keyshortcuts="a" onClick={props.onAdd}>
        {texts.add} <kbd>A</kbd>
      </button>
      <button type="button" aria-keyshortcuts="p" onClick={props.onPaste}>
        {texts.paste} <kbd>P</kbd>
      </button>
      <button
        type="button"
        aria-keyshortcuts="Control+Z"
        disabled={!canUndo}
        onClick={props.onUndo}
      >
        {texts.undo} <kbd>Ctrl Z</kbd>
      </button>
      <button type="button" aria-keyshortcuts="?" onClick={props.onKeys}>
        {texts.keys} <kbd>?</kbd>
      </button>
      {source && (
        <SourceLine source={source} now={now} timeZone={zoneOf(board)} language={language} />
      )}
      <p class="desk-hold">
        <Icon name="lock" />{" "}
        <span dir="auto">
          {source === null ? texts.holdsByChoice : texts.holdsByDefault(source.name)}
        </span>
      </p>
    </div>
  );
}
