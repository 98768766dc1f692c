// A text of a publisher, isolated from the text around it, and read in its own language.

import type { ComponentChildren } from "preact";
import { languageOfScript } from "./language/script.ts";

interface Props {
  text: string | undefined;
  class?: string;
  /** Without a text. */
  otherwise?: ComponentChildren;
}

export function Foreign({ text, class: name, otherwise }: Props) {
  return (
    <bdi class={name} lang={text && languageOfScript(text)}>
      {text || otherwise}
    </bdi>
  );
}
