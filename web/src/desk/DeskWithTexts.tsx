// The desk, once its texts are there in the language of the page.

import { useEffect, useState } from "preact/hooks";
import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { loadPart } from "../usePart.ts";
import { DeskPage } from "./DeskPage.tsx";
import { en } from "./language/en.ts";
import type { DeskLanguage } from "./language/language.ts";
import { loadDeskLanguage } from "./language/languages.ts";

interface Props {
  name: string;
  environment: Environment;
  language: Language;
}

export function DeskWithTexts({ name, environment, language }: Props) {
  const [texts, setTexts] = useState<DeskLanguage>();
  const { clock } = environment;
  const { tag } = language;
  useEffect(() => {
    let isPresent = true;
    void loadPart(clock, () => loadDeskLanguage(tag))
      .catch(() => en)
      .then((texts) => isPresent && setTexts(texts));
    return () => {
      isPresent = false;
    };
  }, [clock, tag]);
  return (
    texts && (
      <DeskPage
        key={name}
        name={name}
        language={language}
        texts={texts}
        environment={environment}
      />
    )
  );
}
