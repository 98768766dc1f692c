// The share of flights on time by airline, as bars to the side. The table has all airlines.

import { PlotFigure, type PlotProps } from "./PlotFigure.tsx";
import { shareColumns, shareValues } from "./share-table.ts";

const WIDTH = 360;
const ROW = 34;
const BAR = 11;
/** Those with the most flights. */
const DRAWN_AIRLINES = 10;
/** A longer name would meet its share. */
const MAX_NAME_CHARS = 34;

export function AirlinePlot({ punctuality, isPrinting, language, texts }: PlotProps) {
  const { byAirline, moreAirlines } = punctuality;
  const drawn = byAirline
    .filter(({ onTimeShare }) => onTimeShare !== null)
    .slice(0, DRAWN_AIRLINES);
  // The anchors of texts follow the direction of reading.
  const [start, end] = language.direction === "rtl" ? [WIDTH, 0] : [0, WIDTH];
  return (
    <PlotFigure
      title={texts.onTimeByAirline}
      width={WIDTH}
      height={drawn.length * ROW + 4}
      isPrinting={isPrinting}
      texts={texts}
      columns={[language.columns.airline, ...shareColumns(language, texts)]}
      rows={byAirline.map((figures) => [figures.airline, ...shareValues(figures, texts)])}
      note={moreAirlines > 0 ? texts.moreAirlines(moreAirlines) : undefined}
    >
      {drawn.map(({ airline, onTimeShare }, index) => {
        const width = Math.max(2, (onTimeShare ?? 0) * WIDTH);
        const top = index * ROW;
        return (
          <g key={airline}>
            <text x={start} y={top + 13}>
              {shortened(airline)}
            </text>
            <text x={end} y={top + 13} text-anchor="end">
              {texts.percent(onTimeShare ?? 0)}
            </text>
            <rect class="plot-ground" x={0} y={top + 18} width={WIDTH} height={BAR} />
            <rect
              class="plot-first"
              x={start === 0 ? 0 : WIDTH - width}
              y={top + 18}
              width={width}
              height={BAR}
            />
          </g>
        );
      })}
    </PlotFigure>
  );
}

function shortened(name: string): string {
  const chars = [...name];
  return chars.length <= MAX_NAME_CHARS ? name : `${chars.slice(0, MAX_NAME_CHARS - 1).join("")}…`;
}
