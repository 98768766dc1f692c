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
  const { clientWidth, scrollWidth } = text;
  if (clientWidth === 0 || scrollWidth <= clientWidth) return;
  // Widths are whole pixels.
  text.style.setProperty("--fit", String(Math.max(MIN_SCALE, (clientWidth - 1) / scrollWidth)));
}
