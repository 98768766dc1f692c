// The share of flights on time by the hour of their schedule, as bars.

import { Axes, BAR_WIDTH, HEIGHT, hourText, scaleOf, WIDTH } from "./axes.tsx";
import { PlotFigure, type PlotProps } from "./PlotFigure.tsx";
import { shareColumns, shareValues } from "./share-table.ts";

const TICKS = [0, 0.25, 0.5, 0.75, 1];
/** The height of the bar of an hour without a flight on time: nothing is drawn only where nothing is known. */
const LEAST_HEIGHT = 2;

export function SharePlot({ punctuality, isPrinting, language, texts }: PlotProps) {
  const { byHour } = punctuality;
  const scale = scaleOf(TICKS, language);
  return (
    <PlotFigure
      title={texts.onTimeByHour}
      width={WIDTH}
      height={HEIGHT}
      isPrinting={isPrinting}
      texts={texts}
      columns={[texts.hour, ...shareColumns(language, texts)]}
      rows={byHour.map((figures) => [hourText(figures.hour), ...shareValues(figures, texts)])}
    >
      <Axes scale={scale} language={language} format={texts.percent} />
      {byHour.map(({ hour, onTimeShare }) => {
        if (onTimeShare === null) return null;
        const height = Math.max(LEAST_HEIGHT, scale.y(0) - scale.y(onTimeShare));
        return (
          <rect
            key={hour}
            class="plot-first"
            x={scale.x(hour) - BAR_WIDTH / 2}
            y={scale.y(0) - height}
            width={BAR_WIDTH}
            height={height}
          />
        );
      })}
    </PlotFigure>
  );
}
