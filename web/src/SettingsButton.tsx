// The settings of the page: its language, and what it announces to screen readers.

import { useState } from "preact/hooks";
import { announcementChoices, type Announcements } from "./announcements.ts";
import { Icon } from "./Icon.tsx";
import type { Language } from "./language/language.ts";
import { languageNames, languageTags, type LanguageTag } from "./language/languages.ts";
import { Sheet } from "./rows/Sheet.tsx";

interface Props {
  language: Language;
  onLanguage(tag: LanguageTag): void;
  announcements: Announcements;
  onAnnouncements(choice: Announcements): void;
}

export function SettingsButton(props: Props) {
  const { language } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="settings" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="globe" />
        <span class="visually-hidden">{language.settings.title}: </span>
        <span class="language" lang={language.tag}>
          {languageNames[language.tag]}
        </span>
      </button>
      {isOpen && (
        <Sheet title={language.settings.title} language={language} onClose={() => setOpen(false)}>
          <Settings {...props} />
        </Sheet>
      )}
    </>
  );
}

function Settings({ language, onLanguage, announcements, onAnnouncements }: Props) {
  const { settings } = language;
  return (
    <div class="choices">
      <label>
        {settings.language}
        <select
          value={language.tag}
          onInput={(event) => onLanguage(event.currentTarget.value as LanguageTag)}
        >
          {languageTags.map((tag) => (
            <option key={tag} value={tag} lang={tag}>
              {languageNames[tag]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {settings.announcements}
        <select
          value={announcements}
          onInput={(event) => onAnnouncements(event.currentTarget.value as Announcements)}
        >
          {announcementChoices.map((choice) => (
            <option key={choice} value={choice}>
              {settings.announce[choice]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
