// The flights of now, those that are over behind a button, and those that a search finds.

import { keyOf, type Flight } from "flightboard-client";
import { useContext, useMemo, useState } from "preact/hooks";
import { CitiesContext } from "../cities.ts";
import { SearchIndex } from "../finding/search.ts";
import { Icon } from "../Icon.tsx";
import { splitRows, type SortedRow } from "../rows/order.ts";
import type { DeskContext } from "./context.ts";
import { DeskList } from "./DeskList.tsx";
import type { Draft } from "./drafts.ts";
import { useDrawnRows } from "./useDrawnRows.ts";

interface Props {
  rows: readonly SortedRow[];
  /** The board's time. */
  now: number;
  query: string;
  context: DeskContext;
  active: string | undefined;
  opened: string | undefined;
  drafts: ReadonlyMap<string, Draft>;
  flights: ReadonlyMap<string, Flight>;
  onActivate(key: string): void;
  onOpen(key: string, byKeyboard: boolean): void;
}

export function FlightsPane(props: Props) {
  const { rows, now, query, context, active, opened, drafts, flights, onActivate, onOpen } = props;
  const { board, language, texts } = context;
  const cities = useContext(CitiesContext);
  const [isEarlierShown, showEarlier] = useState(false);
  const index = useMemo(() => new SearchIndex(board.kind, cities), [board.kind, cities]);
  const parts = useMemo(() => splitRows(rows, now), [rows, now]);
  const isSearched = query.trim() !== "";
  const shown = useMemo(() => {
    if (isSearched) return currentFirst(index.find(rows, query), now);
    return isEarlierShown ? rows : parts.current;
  }, [isSearched, isEarlierShown, index, rows, query, parts, now]);
  const drawn = useDrawnRows(shown, query);
  const orphans = [...drafts.values()].filter(({ row }) => !flights.has(keyOf(row)));
  return (
    <section class="desk-flights" aria-label={texts.flights}>
      {orphans.map(({ row }) => (
        <button
          key={keyOf(row)}
          type="button"
          class="earlier-toggle"
          onClick={(event) => onOpen(keyOf(row), event.detail === 0)}
        >
          <Icon name="pen" /> <bdi>{row.flight}</bdi>: {texts.leftBoard}
        </button>
      ))}
      {!isSearched && parts.earlier.length > 0 && (
        <button
          type="button"
          class="earlier-toggle"
          aria-expanded={isEarlierShown}
          onClick={() => showEarlier(!isEarlierShown)}
        >
          <Icon name={isEarlierShown ? "down" : "up"} />{" "}
          {isEarlierShown
            ? language.hideEarlierFlights
            : language.earlierFlights(parts.earlier.length)}
        </button>
      )}
      {shown.length === 0 && (
        <p>{rows.length === 0 ? language.placeholder.noFlights : texts.notFound}</p>
      )}
      <DeskList
        board={board}
        rows={drawn}
        now={now}
        language={language}
        texts={texts}
        active={active}
        opened={opened}
        drafts={drafts}
        onActivate={onActivate}
        onOpen={onOpen}
      />
    </section>
  );
}

/** Flights that are over are seldom looked for. */
function currentFirst(rows: readonly SortedRow[], now: number): readonly SortedRow[] {
  const isOver = ({ overAt }: SortedRow) => overAt <= now;
  return [...rows.filter((row) => !isOver(row)), ...rows.filter(isOver)];
}
