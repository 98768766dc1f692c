// Asks the reader whether the browser may show notifications, until it has an answer.

import { useState } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { askToNotify, canAskToNotify } from "./notify.ts";

interface Props {
  language: Language;
  class?: string;
}

export function NotifyButton({ language, class: name }: Props) {
  const [canAsk, setCanAsk] = useState(canAskToNotify);
  if (!canAsk) return null;
  const ask = async () => {
    await askToNotify();
    setCanAsk(canAskToNotify());
  };
  return (
    <button type="button" class={name} onClick={ask}>
      <Icon name="bell" />
      {language.notify}
    </button>
  );
}
