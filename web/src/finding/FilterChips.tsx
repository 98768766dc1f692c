// The filters of a board: the times as buttons, and a choice each of airline, terminal, state and order.

import type { Language } from "../language/language.ts";
import { knownState } from "../states.ts";
import { DISRUPTED, type Filters } from "./filters.ts";
import type { FilterOptions } from "./options.ts";
import type { ChangeFilters } from "./useFilters.ts";

interface Props {
  filters: Filters;
  options: FilterOptions;
  language: Language;
  onChange: ChangeFilters;
}

export function FilterChips({ filters, options, language, onChange }: Props) {
  const nameOf = (state: string) => {
    if (state === DISRUPTED) return language.disrupted;
    const known = knownState(state);
    return known === undefined ? state : language.states[known];
  };
  return (
    <div class="chips" role="group" aria-label={language.filters}>
      {options.times.map((time) => (
        <button
          key={time}
          type="button"
          class="chip"
          aria-pressed={filters.time === time}
          onClick={() => onChange({ time: filters.time === time ? "" : time })}
        >
          {language.times[time]}
        </button>
      ))}
      <Choice
        label={language.anyAirline}
        value={filters.airline}
        values={options.airlines}
        nameOf={(airline) => airline}
        onChoose={(airline) => onChange({ airline })}
      />
      <Choice
        label={language.anyTerminal}
        value={filters.terminal}
        values={options.terminals}
        nameOf={language.terminal}
        onChoose={(terminal) => onChange({ terminal })}
      />
      <Choice
        label={language.anyState}
        value={filters.state}
        values={options.states}
        nameOf={nameOf}
        onChoose={(state) => onChange({ state })}
      />
      <select
        class="chip"
        aria-label={language.sort}
        data-set={filters.sort === "" ? undefined : ""}
        value={filters.sort}
        onInput={(event) => onChange({ sort: event.currentTarget.value as Filters["sort"] })}
      >
        <option value="">{language.sorts.time}</option>
        <option value="place">{language.sorts.place}</option>
        <option value="flight">{language.sorts.flight}</option>
      </select>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  values: readonly string[];
  nameOf(value: string): string;
  onChoose(value: string): void;
}

/** Not there if the board has nothing to choose from, unless a link has made a choice. */
function Choice({ label, value, values, nameOf, onChoose }: ChoiceProps) {
  if (values.length === 0 && value === "") return null;
  const all = value === "" || values.includes(value) ? values : [value, ...values];
  return (
    <select
      class="chip"
      aria-label={label}
      data-set={value === "" ? undefined : ""}
      value={value}
      onInput={(event) => onChoose(event.currentTarget.value)}
    >
      <option value="">{label}</option>
      {all.map((one) => (
        <option key={one} value={one}>
          {nameOf(one)}
        </option>
      ))}
    </select>
  );
}
