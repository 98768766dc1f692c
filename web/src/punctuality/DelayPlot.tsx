// The median delay and that of 90 % of the flights, by the hour of their schedule. The marks differ in shape and colour.

import type { ComponentChildren } from "preact";
import { Axes, HEIGHT, hourText, minuteTicks, scaleOf, WIDTH } from "./axes.tsx";
import { PlotFigure, type PlotProps } from "./PlotFigure.tsx";

const RADIUS = 4.5;

export function DelayPlot({ punctuality, isPrinting, language, texts }: PlotProps) {
  const hours = punctuality.byHour.flatMap(({ hour, medianDelay, p90Delay }) =>
    medianDelay === null || p90Delay === null ? [] : [{ hour, medianDelay, p90Delay }],
  );
  const delays = hours.flatMap(({ medianDelay, p90Delay }) => [medianDelay, p90Delay]);
  const scale = scaleOf(minuteTicks(delays), language);
  const value = (delay: number | null) => (delay === null ? texts.noFigure : texts.minutes(delay));
  return (
    <PlotFigure
      title={texts.delayByHour}
      legend={
        <p class="legend">
          <Mark>
            <Circle x={0} y={0} />
          </Mark>
          {texts.medianDelay}
          <Mark>
            <Diamond x={0} y={0} />
          </Mark>
          {texts.p90Delay}
        </p>
      }
      width={WIDTH}
      height={HEIGHT}
      isPrinting={isPrinting}
      texts={texts}
      columns={[texts.hour, texts.medianDelay, texts.p90Delay]}
      rows={punctuality.byHour.map(({ hour, medianDelay, p90Delay }) => [
        hourText(hour),
        value(medianDelay),
        value(p90Delay),
      ])}
    >
      <Axes scale={scale} language={language} format={texts.minutes} />
      {hours.map(({ hour, medianDelay, p90Delay }) => (
        <g key={hour}>
          <line
            class="plot-range"
            x1={scale.x(hour)}
            x2={scale.x(hour)}
            y1={scale.y(medianDelay)}
            y2={scale.y(p90Delay)}
          />
          <Circle x={scale.x(hour)} y={scale.y(medianDelay)} />
          <Diamond x={scale.x(hour)} y={scale.y(p90Delay)} />
        </g>
      ))}
    </PlotFigure>
  );
}

function Mark({ children }: { children: ComponentChildren }) {
  return (
    <svg aria-hidden="true" viewBox="-7 -7 14 14">
      {children}
    </svg>
  );
}

interface Place {
  x: number;
  y: number;
}

function Circle({ x, y }: Place) {
  return <circle class="plot-first" cx={x} cy={y} r={RADIUS} />;
}

function Diamond({ x, y }: Place) {
  const half = RADIUS * 1.3;
  return (
    <path
      class="plot-second"
      d={`M${x} ${y - half}l${half} ${half}l${-half} ${half}l${-half} ${-half}z`}
    />
  );
}
