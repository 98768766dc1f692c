// Long names and states become smaller instead of losing their end.

import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** A smaller text could not be read from where the others can. */
const MIN_SCALE = 0.6;

/** Measures the texts in `table` whenever one of them changes: names of places come later than their codes. */
export function useFittingTexts(table: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const root = table.current;
    if (root === null) return;
    const fit = () => root.querySelectorAll<HTMLElement>(".place, .text").forEach(shrinkToFit);
    fit();
    const observer = new MutationObserver(fit);
    observer.observe(root, { childList: true, characterData: true, subtree: true });
    window.addEventListener("resize", fit);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", fit);
    };
  }, [table]);
}

function shrinkToFit(text: HTMLElement): void {
  text.style.removeProperty("--fit");
  delete text.dataset.lines;
  const { clientWidth, scrollWidth } = text;
  if (clientWidth === 0 || scrollWidth <= clientWidth) return;
  // Widths are whole pixels.
  const scale = (clientWidth - 1) / scrollWidth;
  text.style.setProperty("--fit", String(Math.max(MIN_SCALE, scale)));
  // The style of a state then has room for a second line, such as that of a long delay in Arabic.
  if (scale < MIN_SCALE) text.dataset.lines = "2";
}
