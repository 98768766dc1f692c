// The settings of this page, with its warnings on the console.

import { useMemo } from "preact/hooks";
import { readSettings, type WallSettings } from "./settings.ts";

export function useWallSettings(): WallSettings {
  const { search } = window.location;
  return useMemo(
    () => readSettings(search, navigator.languages, (warning) => console.warn(warning)),
    [search],
  );
}
