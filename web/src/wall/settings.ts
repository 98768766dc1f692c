// The settings of a wall, from the query of its URL. A bad value falls back: a wall with a typing error must not be blank.

import type { Language } from "../language/language.ts";
import { preferredTag } from "../language/choice.ts";
import { en } from "../language/en.ts";
import {
  languageTagOf,
  loadedLanguage,
  loadLanguage,
  type LanguageTag,
} from "../language/languages.ts";
import { filterOf, type RowFilter } from "./filter.ts";

export const THEMES = ["dark", "light", "auto"] as const;
export type Theme = (typeof THEMES)[number];

export const MIN_ROWS = 2;
export const MAX_ROWS = 60;
export const DEFAULT_PAGES = 4;
export const MAX_PAGES = 20;
export const DEFAULT_TURN_SECONDS = 12;
export const MIN_TURN_SECONDS = 3;
export const MAX_TURN_SECONDS = 600;

export interface WallSettings {
  /** Undefined for the usual number, which depends on the screen. */
  readonly rows: number | undefined;
  /** At most. */
  readonly pages: number;
  readonly turnMillis: number;
  readonly theme: Theme;
  /** At least one. They alternate with the pages. */
  readonly languages: readonly Language[];
  readonly filter: RowFilter;
  /** Of the boards of a sign; undefined for all. */
  readonly airport: string | undefined;
}

/** `preferred` are the languages of the browser. Calls `warn` for each value that is not used. */
export function readSettings(
  query: string,
  preferred: readonly string[],
  warn: (message: string) => void,
): WallSettings {
  const parameters = new URLSearchParams(query);
  const read = <Value>(
    name: string,
    form: string,
    parse: (text: string) => Value | undefined,
  ): Value | undefined => {
    const text = parameters.get(name);
    if (text === null) return undefined;
    const value = parse(text.trim());
    if (value === undefined) warn(`${name}=${text}: not used, since it is not ${form}`);
    return value;
  };
  const number = (name: string, min: number, max: number, unit = "") =>
    read(name, `a number from ${min} to ${max}`, (text) => {
      const digits = unit !== "" && text.endsWith(unit) ? text.slice(0, -unit.length) : text;
      const value = /^\d{1,4}$/.test(digits) ? Number(digits) : NaN;
      return value >= min && value <= max ? value : undefined;
    });
  const languages = read("lang", "a list of languages of this page", tagsOf);
  const turn = number("turn", MIN_TURN_SECONDS, MAX_TURN_SECONDS, "s") ?? DEFAULT_TURN_SECONDS;
  return {
    rows: number("rows", MIN_ROWS, MAX_ROWS),
    pages: number("pages", 1, MAX_PAGES) ?? DEFAULT_PAGES,
    turnMillis: turn * 1_000,
    theme: read("theme", THEMES.join(", "), themeOf) ?? "dark",
    languages: (languages ?? [preferredTag(preferred)]).map((tag) => loadedLanguage(tag) ?? en),
    filter: filterOf(parameters),
    airport: read("airport", "an IATA code", (text) =>
      /^[a-z]{3}$/i.test(text) ? text.toUpperCase() : undefined,
    ),
  };
}

/** Before the settings are read. */
export async function loadLanguages(query: string, preferred: readonly string[]): Promise<void> {
  const named = new URLSearchParams(query).get("lang") ?? "";
  const tags = tagsOf(named) ?? [preferredTag(preferred)];
  await Promise.all(tags.map(loadLanguage));
}

function themeOf(text: string): Theme | undefined {
  return THEMES.find((theme) => theme === text);
}

/** All of the list, or none. */
function tagsOf(text: string): LanguageTag[] | undefined {
  const tags = text.split(",").map(languageTagOf);
  return tags.every((tag) => tag !== undefined) ? tags : undefined;
}
