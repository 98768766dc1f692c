// The row in the editor, and the one that the keys act on.

import { useCallback, useState } from "preact/hooks";

/** The content of the editor's place. */
export type Opened =
  { kind: "row"; key: string; byKeyboard: boolean } | { kind: "add" } | { kind: "paste" };

export function useOpened() {
  const [opened, setOpened] = useState<Opened>();
  /** The row that has had the focus last. */
  const [active, setActive] = useState<string>();
  const open = useCallback((key: string, byKeyboard: boolean) => {
    setActive(key);
    setOpened({ kind: "row", key, byKeyboard });
  }, []);
  const openOther = useCallback((kind: "add" | "paste") => setOpened({ kind }), []);
  const close = useCallback(() => {
    // On a phone the list is hidden while the editor is open, and a hidden row takes no focus.
    document.querySelector("[data-editing]")?.removeAttribute("data-editing");
    focusRow();
    setOpened(undefined);
  }, []);
  const activeKey = () => {
    if (document.activeElement?.closest(".desk-list")) return active;
    return opened?.kind === "row" ? opened.key : active;
  };
  return { opened, active, activeKey, setActive, open, openOther, close };
}

export function focusRow(): void {
  const row =
    document.querySelector<HTMLElement>(".desk-row[aria-current]") ??
    document.querySelector<HTMLElement>('.desk-row[tabindex="0"]');
  row?.focus();
}
