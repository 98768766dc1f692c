// The search. It is the first stop of the Tab key, and "/" goes to it from anywhere on the page.

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { MAX_QUERY_LENGTH } from "./filters.ts";

interface Props {
  query: string;
  language: Language;
  onSearch(query: string): void;
}

export function SearchField({ query, language, onSearch }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const jump = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", jump);
    return () => document.removeEventListener("keydown", jump);
  }, []);
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
        aria-keyshortcuts="/"
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
