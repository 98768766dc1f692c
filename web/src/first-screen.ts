// The rows that the server has drawn into the document, in place of the page until its script has rows of its own.

import { useLayoutEffect } from "preact/hooks";

export function removeFirstScreen(): void {
  document.getElementById("first-screen")?.remove();
}

/** Time for a frame. A page in the background has none. */
const FRAME_MILLIS = 200;

/** Lets the browser paint the first screen before the script needs all its time. */
export async function paintFirstScreen(): Promise<void> {
  if (document.getElementById("first-screen") === null) return;
  await new Promise<void>((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, FRAME_MILLIS);
  });
}

/** In the same frame as the page's own rows. */
export function useFirstScreen(isWanted: boolean): void {
  useLayoutEffect(() => {
    if (!isWanted) removeFirstScreen();
  }, [isWanted]);
}
