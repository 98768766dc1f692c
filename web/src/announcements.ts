// The reader's choice which changes are announced to screen readers.

import { useCallback, useState } from "preact/hooks";
import { store, stored } from "./stored.ts";

export const announcementChoices = ["all", "followed", "off"] as const;

export type Announcements = (typeof announcementChoices)[number];

const SETTING = "announcements";

export function useAnnouncements(): [Announcements, (choice: Announcements) => void] {
  const [choice, setChoice] = useState(storedChoice);
  const choose = useCallback((choice: Announcements) => {
    store(SETTING, choice);
    setChoice(choice);
  }, []);
  return [choice, choose];
}

function storedChoice(): Announcements {
  const name = stored(SETTING);
  return announcementChoices.find((choice) => choice === name) ?? "all";
}
