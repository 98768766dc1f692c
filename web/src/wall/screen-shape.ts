// The shape of the screen, which chooses the usual number of rows and the layout of an airport's page.

import { useSyncExternalStore } from "preact/compat";

const LANDSCAPE_ROWS = 11;
const PORTRAIT_ROWS = 25;

export function useUsualRows(landscape = LANDSCAPE_ROWS, portrait = PORTRAIT_ROWS): number {
  return useMedia("(orientation: portrait)") ? portrait : landscape;
}

/** Whether two walls fit side by side. */
export function useDoubleWidth(): boolean {
  return useMedia("(min-aspect-ratio: 22/10)");
}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}
