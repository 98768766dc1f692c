// The figures of some days, or the reason why there are none.

import { parseInstant } from "flightboard-client";
import { useCallback } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";
import { dayAndTime } from "../time.ts";
import { usePrinting } from "../usePrinting.ts";
import { AirlinePlot } from "./AirlinePlot.tsx";
import { DelayPlot } from "./DelayPlot.tsx";
import type { Figures, Punctuality } from "./figures.ts";
import type { PunctualityTexts } from "./language/language.ts";
import { SharePlot } from "./SharePlot.tsx";
import type { Span } from "./span.ts";
import type { Counted } from "./usePunctuality.ts";

interface Props {
  counted: Counted;
  span: Span;
  title: string;
  zone: string;
  language: Language;
  texts: PunctualityTexts;
}

export function CountedFlights({ counted, span, title, zone, language, texts }: Props) {
  const { answer, hasFailed } = counted;
  const isPrinting = usePrinting(useCallback(() => true, [])) === true;
  const timeOf = (instant: number) => dayAndTime(instant, zone, language);
  if (answer === undefined) {
    return (
      <p class="waiting" role="status">
        {hasFailed ? texts.noAnswer : texts.counting}
      </p>
    );
  }
  const { punctuality, beginsAt, refusal } = answer;
  const asOf = timeOf(parseInstant(punctuality?.asOf) ?? 0);
  return (
    <>
      {isPrinting && <p class="punctuality-printed">{title}</p>}
      <p class="punctuality-note" role="status">
        {texts.scheduledFrom(timeOf(span.from), timeOf(span.to))}{" "}
        {punctuality && <strong>{texts.asOf(asOf)}</strong>}
      </p>
      {beginsAt !== undefined && <p class="punctuality-note">{texts.beginsAt(timeOf(beginsAt))}</p>}
      {refusal !== undefined && (
        <p class="punctuality-note" role="alert" lang="en" dir="ltr">
          {refusal}
        </p>
      )}
      {punctuality && <Counts {...{ punctuality, isPrinting, language, texts }} />}
      <div class={hasFailed ? "stale-notice" : undefined}>
        {hasFailed && <Icon name="alert" />}
        <p aria-live="polite">
          {hasFailed && (punctuality ? texts.outdated(asOf) : texts.noAnswer)}
        </p>
      </div>
    </>
  );
}

interface CountsProps {
  punctuality: Punctuality;
  isPrinting: boolean;
  language: Language;
  texts: PunctualityTexts;
}

function Counts({ punctuality, isPrinting, language, texts }: CountsProps) {
  const { overall } = punctuality;
  if (overall.flights === 0) return <p class="waiting">{texts.noFlights}</p>;
  const plot = { punctuality, isPrinting, language, texts };
  const isKnown = overall.flights > overall.unknown;
  return (
    <>
      <Overall {...{ overall, language, texts }} />
      {isKnown ? (
        <div class="plots">
          <SharePlot {...plot} />
          <DelayPlot {...plot} />
          <AirlinePlot {...plot} />
        </div>
      ) : (
        <p class="waiting">{texts.noneKnown}</p>
      )}
      <p class="punctuality-note">{texts.definition}</p>
    </>
  );
}

interface OverallProps {
  overall: Figures;
  language: Language;
  texts: PunctualityTexts;
}

/** Without flights to count, a figure is not known, which is not 0. */
function Overall({ overall, language, texts }: OverallProps) {
  const minutes = (delay: number | null) => (delay === null ? undefined : texts.minutes(delay));
  const share = overall.onTimeShare;
  const figures: [label: string, value: string | number | undefined][] = [
    [texts.onTime, share === null ? undefined : texts.percent(share)],
    [texts.medianDelay, minutes(overall.medianDelay)],
    [texts.p90Delay, minutes(overall.p90Delay)],
    [texts.flights, overall.flights],
    [texts.late, overall.late],
    [language.states.cancelled, overall.cancelled],
    [language.states.diverted, overall.diverted],
    [texts.unknown, overall.unknown],
  ];
  return (
    <dl class="punctuality-figures">
      {figures.map(([label, value]) => (
        <div key={label} data-unknown={value === undefined ? "" : undefined}>
          <dt>{label}</dt>
          <dd>{value ?? texts.noFigure}</dd>
        </div>
      ))}
    </dl>
  );
}
