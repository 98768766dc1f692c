// The language of a publisher's text, as far as its script tells: a screen reader without the voice of another script
// skips it.

const LATIN = /^[\u0000-\u024f]*$/;

/** Han alone may be Chinese or Japanese, and Cyrillic one of many languages. */
const SCRIPTS: readonly (readonly [script: RegExp, tag: string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "ja"],
  [/\p{Script=Hangul}/u, "ko"],
  [/\p{Script=Arabic}/u, "ar"],
  [/\p{Script=Hebrew}/u, "he"],
  [/\p{Script=Thai}/u, "th"],
  [/\p{Script=Greek}/u, "el"],
];

export function languageOfScript(text: string): string | undefined {
  if (LATIN.test(text)) return undefined;
  return SCRIPTS.find(([script]) => script.test(text))?.[1];
}
