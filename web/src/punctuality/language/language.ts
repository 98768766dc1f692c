// The texts of the page of the punctuality, as each language has to give them.

import type { Period } from "../span.ts";

export interface PunctualityTexts {
  /** Of a board. */
  title(board: string): string;
  readonly toBoard: string;
  /** The heading of the choice of days. */
  readonly days: string;
  readonly periods: Readonly<Record<Period, string>>;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly show: string;
  /** The days are in the wrong order, or more than `most`. */
  badDays(most: number): string;
  readonly counting: string;
  /** The server has not answered yet. */
  readonly noAnswer: string;
  /** The flights that are counted, and the time of the figures. */
  scheduledFrom(from: string, to: string): string;
  asOf(time: string): string;
  /** No newer figures have come. */
  outdated(time: string): string;
  /** The server knows nothing of the time before. */
  beginsAt(time: string): string;
  readonly noFlights: string;
  /** None of the flights has an outcome. */
  readonly noneKnown: string;
  readonly flights: string;
  readonly onTime: string;
  readonly late: string;
  /** Without an actual time. */
  readonly unknown: string;
  readonly medianDelay: string;
  /** The delay that 90 % of the flights do not exceed. */
  readonly p90Delay: string;
  /** In the place of a figure. */
  readonly noFigure: string;
  /** What counts as on time. */
  readonly definition: string;
  readonly onTimeByHour: string;
  readonly delayByHour: string;
  readonly onTimeByAirline: string;
  readonly hour: string;
  /** The heading of the values behind a plot. */
  readonly table: string;
  /** The accessible name of a plot, whose values are in a table. */
  plot(title: string): string;
  moreAirlines(count: number): string;
  percent(share: number): string;
  minutes(count: number): string;
}
