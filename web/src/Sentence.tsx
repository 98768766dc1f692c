// A sentence of a language with elements in it, such as a publisher's text, which must not reorder the words around it.

import { Fragment, type ComponentChildren } from "preact";

/** Private characters of Unicode, which no sentence has. */
const MARKS = ["\uE000", "\uE001", "\uE002"];

interface Props {
  /** Calls the sentence with a mark in place of each element. */
  of(first: string, second: string, third: string): string;
  parts: readonly ComponentChildren[];
}

export function Sentence({ of, parts }: Props) {
  const [first = "", second = "", third = ""] = MARKS;
  return of(first, second, third)
    .split(/([\uE000-\uE002])/)
    .map((text, index) => {
      const part = MARKS.indexOf(text);
      return <Fragment key={index}>{part === -1 ? text : parts[part]}</Fragment>;
    });
}
