// The forms of shares and minutes that the browser has for each locale.

import type { PunctualityTexts } from "./language.ts";

export function numbersOf(locale: string): Pick<PunctualityTexts, "percent" | "minutes"> {
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const minutes = new Intl.NumberFormat(locale, { style: "unit", unit: "minute" });
  return {
    percent: (share) => percent.format(share),
    minutes: (count) => minutes.format(count),
  };
}
