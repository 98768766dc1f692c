// The choice of the days whose flights are counted.

import type { TargetedSubmitEvent } from "preact";
import type { PunctualityTexts } from "./language/language.ts";
import { periods, type Choice, type Days } from "./span.ts";

interface Props {
  choice: Choice;
  days: Days;
  texts: PunctualityTexts;
  onChoose(choice: Choice): void;
}

export function DaysForm({ choice, days, texts, onChoose }: Props) {
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [first, last] = [String(form.get("first")), String(form.get("last"))];
    onChoose({ period: "own", days: { first, last } });
  };
  return (
    <form class="punctuality-days" onSubmit={submit}>
      <fieldset>
        <legend class="visually-hidden">{texts.days}</legend>
        {periods.map((period) => (
          <label key={period}>
            <input
              type="radio"
              name="period"
              checked={choice.period === period}
              onInput={() => onChoose(period === "own" ? { period, days } : { period })}
            />
            <span>{texts.periods[period]}</span>
          </label>
        ))}
      </fieldset>
      {choice.period === "own" && (
        <div class="punctuality-own">
          <label>
            {texts.firstDay}
            <input type="date" name="first" value={days.first} required />
          </label>
          <label>
            {texts.lastDay}
            <input type="date" name="last" value={days.last} required />
          </label>
          <button type="submit">{texts.show}</button>
        </div>
      )}
    </form>
  );
}
