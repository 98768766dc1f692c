// A dialog above the board, which on a phone comes from below.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";

interface Props {
  title: ComponentChildren;
  language: Language;
  onClose(): void;
  children: ComponentChildren;
}

export function Sheet({ title, language, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      // A dialog that the browser's Back has removed, and not closed, does not give the focus back to the row.
      if (document.activeElement === document.body) (before as HTMLElement | null)?.focus();
    };
  }, []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="sheet-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="sheet-body">
        <header>
          <h2 id="sheet-title">{title}</h2>
          <button type="button" class="sheet-close" onClick={close}>
            <Icon name="cross" />
            <span class="visually-hidden">{language.close}</span>
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
