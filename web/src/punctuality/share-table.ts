// The columns of tables with shares.

import type { Language } from "../language/language.ts";
import type { Figures } from "./figures.ts";
import type { PunctualityTexts } from "./language/language.ts";

export function shareColumns(language: Language, texts: PunctualityTexts): string[] {
  const { cancelled, diverted } = language.states;
  return [texts.onTime, texts.flights, texts.late, cancelled, diverted, texts.unknown];
}

export function shareValues(figures: Figures, texts: PunctualityTexts): (string | number)[] {
  const { onTimeShare, flights, late, cancelled, diverted, unknown } = figures;
  const share = onTimeShare === null ? texts.noFigure : texts.percent(onTimeShare);
  return [share, flights, late, cancelled, diverted, unknown];
}
