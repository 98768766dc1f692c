// The keys of the desk that work outside of its lists and forms. Letters do nothing in a text field.

import { useEffect, useRef } from "preact/hooks";

export interface DeskKeys {
  onAdd(): void;
  onPaste(): void;
  onUndo(): void;
  onKeys(): void;
  onCancel(): void;
  onEscape(): void;
  /** From the search to the rows. */
  onDown(): void;
}

export function useDeskKeys(keys: DeskKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const action = actionOf(event, latest.current);
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function actionOf(event: KeyboardEvent, keys: DeskKeys): (() => void) | undefined {
  const { target, key } = event;
  const isSearch = target instanceof Element && target.matches("input[type=search]");
  if (isSearch && (key === "ArrowDown" || key === "Enter")) return keys.onDown;
  if (key === "Escape" && !isSearch) return keys.onEscape;
  const isText =
    target instanceof Element && target.matches("input:not([type=checkbox]), textarea");
  if (isText || event.altKey) return undefined;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand) return key.toLowerCase() === "z" && !event.shiftKey ? keys.onUndo : undefined;
  switch (key) {
    case "a":
    case "A":
      return keys.onAdd;
    case "p":
    case "P":
      return keys.onPaste;
    case "c":
    case "C":
      return keys.onCancel;
    case "?":
      return keys.onKeys;
    default:
      return undefined;
  }
}
