// The search. It is the first stop of the Tab key, and on a page of this server "/" goes to it from anywhere.

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { MAX_QUERY_LENGTH } from "./filters.ts";

interface Props {
  query: string;
  language: Language;
  /** False in a page of others, whose keys are theirs. */
  hasKey?: boolean;
  onSearch(query: string): void;
}

export function SearchField({ query, language, hasKey = true, onSearch }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!hasKey) return;
    const jump = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", jump);
    return () => document.removeEventListener("keydown", jump);
  }, [hasKey]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    // Some browsers clear the field by themselves, and only some of them tell the page.
    event.preventDefault();
    onSearch("");
  };
  return (
    <search class="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label={language.search}
        aria-keyshortcuts={hasKey ? "/" : undefined}
        placeholder={language.searchHint}
        maxLength={MAX_QUERY_LENGTH}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        enterkeyhint="search"
        value={query}
        onInput={(event) => onSearch(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
    </search>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, textarea, select, [contenteditable]");
}
