// The desk, once its texts are there in the language of the page.

import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { useTexts } from "../language/useTexts.ts";
import { DeskPage } from "./DeskPage.tsx";
import { en } from "./language/en.ts";
import { loadDeskLanguage } from "./language/languages.ts";

interface Props {
  name: string;
  environment: Environment;
  language: Language;
}

export function DeskWithTexts({ name, environment, language }: Props) {
  const texts = useTexts(environment.clock, language.tag, loadDeskLanguage, en);
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
