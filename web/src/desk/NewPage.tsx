// Offers a new version of the page.

import { Icon } from "../Icon.tsx";
import type { DeskLanguage } from "./language/language.ts";

export function NewPage({ texts }: { texts: DeskLanguage }) {
  return (
    <p class="desk-notice" role="status">
      <Icon name="alert" />
      <span>{texts.newPage}</span>
      <button type="button" onClick={() => window.location.reload()}>
        {texts.reload}
      </button>
    </p>
  );
}
