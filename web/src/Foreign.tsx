// A text of a publisher, isolated from the text around it, and read in its own language.

import { languageOfScript } from "./language/script.ts";

interface Props {
  text: string;
  class?: string;
}

export function Foreign({ text, class: name }: Props) {
  return (
    <bdi class={name} lang={languageOfScript(text)}>
      {text}
    </bdi>
  );
}
