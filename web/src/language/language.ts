// The texts of the page, as each language has to give them.

import type { ColumnName } from "../rows/columns.ts";
import type { StateName } from "../states.ts";

export interface Language {
  /** BCP 47. */
  readonly tag: string;
  readonly states: Readonly<Record<StateName, string>>;
  /** `Landed 20:12`. */
  stateAt(state: string, time: string): string;
  readonly bagsOnBelt: string;
  readonly onTime: string;
  /** The movement is due, and nothing is known of it. */
  readonly noNews: string;
  late(duration: string): string;
  early(duration: string): string;
  duration(minutes: number): string;
  /** The time until a movement. */
  until(minutes: number): string;
  /** `days` from today; `date` is what `shortDate` gives. */
  day(days: number, date: string): string;
  /** Of the milliseconds since 1970 on a clock of no zone. */
  shortDate(wall: number): string;
  longDate(wall: number): string;
  dayAndHour(day: string, hour: string): string;
  readonly noTime: string;
  earlierFlights(count: number): string;
  readonly hideEarlierFlights: string;
  readonly columns: Readonly<Record<ColumnName, string>>;
  /** The headings of a place on a board of arrivals and of departures. */
  readonly from: string;
  readonly to: string;
  readonly via: string;
  readonly newTime: string;
  dayOffset(days: number): string;
  readonly unknown: string;
  readonly noAnnouncement: string;
  readonly date: string;
  readonly close: string;
  caption(zone: string): string;
  rowsOf(first: number, last: number, all: number): string;
}
