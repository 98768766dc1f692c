// The page of the punctuality, once its texts are there in the language of the page.

import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { useTexts } from "../language/useTexts.ts";
import { en } from "./language/en.ts";
import { loadPunctualityTexts } from "./language/languages.ts";
import { PunctualityPage } from "./PunctualityPage.tsx";

interface Props {
  name: string;
  environment: Environment;
  language: Language;
}

export function PunctualityWithTexts({ name, environment, language }: Props) {
  const texts = useTexts(environment.clock, language.tag, loadPunctualityTexts, en);
  return (
    texts && (
      <PunctualityPage
        key={name}
        name={name}
        language={language}
        texts={texts}
        environment={environment}
      />
    )
  );
}
