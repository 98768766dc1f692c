// The styles of the element, as sheets that a Content-Security-Policy of its page does not concern.

import colours from "../styles/colours.css?inline";
import fonts from "../styles/fonts.css?inline";
import marks from "../styles/marks.css?inline";
import narrowRows from "../styles/narrow-rows.css?inline";
import page from "../styles/page.css?inline";
import rows from "../styles/rows.css?inline";
import search from "../styles/search.css?inline";
import sheet from "../styles/sheet.css?inline";
import embed from "./embed.css?inline";

const FONT = '1em "Atkinson Hyperlegible Next"';

let shared: CSSStyleSheet | undefined;
let hasFonts = false;

/** One sheet for all elements of a page. */
export function styles(): CSSStyleSheet {
  shared ??= sheetOf(embed, colours, page, rows, marks, narrowRows, search, sheet);
  return shared;
}

/** Fonts belong to the whole document, under a name that is theirs alone. */
export function addFonts(): void {
  if (hasFonts) return;
  hasFonts = true;
  document.adoptedStyleSheets.push(sheetOf(fonts));
  // Where the page does not allow it, the system's own font is used.
  document.fonts.load(FONT).catch(() => undefined);
}

/**
 * The length that stands for `rem` of the page's styles: `1em` of the element, computed there once, since `rem` follows the
 * type of the page around. A browser that cannot register it has a fixed one.
 */
export const unit = registerUnit() ? "1em" : "16px";

function registerUnit(): boolean {
  if (typeof CSS === "undefined" || !("registerProperty" in CSS)) return false;
  const name = "--flight-board-unit";
  try {
    CSS.registerProperty({ name, syntax: "<length>", inherits: true, initialValue: "16px" });
  } catch {
    // The page has the script twice, and the other one has registered it.
  }
  return true;
}

function sheetOf(...texts: string[]): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(texts.join("\n"));
  return sheet;
}
