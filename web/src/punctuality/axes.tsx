// The axes of plots by the hour of the day: hours to the side, values upwards.

import type { Language } from "../language/language.ts";

/** In units of the SVG, which scales to its place on the page. */
export const WIDTH = 360;
export const HEIGHT = 210;
const LEFT = 44;
const TOP = 14;
const BOTTOM = 24;
const HOURS = 24;
const SLOT = (WIDTH - LEFT - 4) / HOURS;
/** An hour at each of these has a label. */
const LABELLED_HOURS = 3;

export interface Scale {
  /** The middle of an hour. */
  x(hour: number): number;
  y(value: number): number;
  /** The values with a line. */
  readonly ticks: readonly number[];
}

export const BAR_WIDTH = SLOT * 0.72;

/** Hours go on in the direction of reading. */
export function scaleOf(ticks: readonly number[], { direction }: Language): Scale {
  const [low, high] = [ticks[0]!, ticks[ticks.length - 1]!];
  return {
    ticks,
    x(hour) {
      const x = LEFT + (hour + 0.5) * SLOT;
      return direction === "rtl" ? WIDTH - x : x;
    },
    y: (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM),
  };
}

const STEPS = [5, 10, 15, 30, 60, 120, 240, 480, 960];
const MOST_TICKS = 6;

/** Lines for minutes from the lowest value to the highest, zero among them. */
export function minuteTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(0, ...values), Math.max(15, ...values)];
  const count = (step: number) => Math.ceil(high / step) - Math.floor(low / step) + 1;
  const step = STEPS.find((step) => count(step) <= MOST_TICKS) ?? 1_440;
  const first = Math.floor(low / step);
  return Array.from({ length: count(step) }, (_, index) => (first + index) * step);
}

interface Props {
  scale: Scale;
  language: Language;
  format(value: number): string;
}

export function Axes({ scale, language, format }: Props) {
  const isMirrored = language.direction === "rtl";
  const [start, end] = isMirrored ? [WIDTH - LEFT, 0] : [LEFT, WIDTH];
  const hours = Array.from(
    { length: HOURS / LABELLED_HOURS },
    (_, index) => index * LABELLED_HOURS,
  );
  return (
    <g class="axes">
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <line
            x1={start}
            x2={end}
            y1={scale.y(tick)}
            y2={scale.y(tick)}
            data-zero={tick === 0 ? "" : undefined}
          />
          {/* The anchor follows the direction of reading. */}
          <text
            x={isMirrored ? start + 6 : start - 6}
            y={scale.y(tick)}
            text-anchor="end"
            dominant-baseline="middle"
          >
            {format(tick)}
          </text>
        </g>
      ))}
      {hours.map((hour) => (
        <text key={hour} x={scale.x(hour)} y={HEIGHT - 6} text-anchor="middle">
          {twoDigits(hour)}
        </text>
      ))}
    </g>
  );
}

/** `06:00`. */
export function hourText(hour: number): string {
  return `${twoDigits(hour)}:00`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
