import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "en-GB";
const formats = formatsOf(LOCALE);

export const en: PunctualityTexts = {
  title: (board) => `Punctuality: ${board}`,
  toBoard: "To the board",
  days: "Days",
  periods: { today: "Today", yesterday: "Yesterday", week: "7 days", own: "Other days" },
  firstDay: "First day",
  lastDay: "Last day",
  show: "Show",
  badDays: (most) => `The last day must not be before the first, and at most ${most} days count.`,
  counting: "Counting the flights",
  noAnswer: "The server has not answered yet. This page keeps trying.",
  scheduledFrom: (from, to) => `Flights scheduled from ${from} to ${to}.`,
  asOf: (time) => `As of ${time}.`,
  outdated: (time) => `These figures are as of ${time}. Newer ones have not come.`,
  beginsAt: (time) => `The server knows flights since ${time} only.`,
  noFlights: "No flight is scheduled in this time.",
  noneKnown: "No outcome of these flights is known yet.",
  flights: "Flights",
  onTime: "On time",
  late: "Late",
  unknown: "Not known",
  medianDelay: "Median delay",
  p90Delay: "90% do not exceed",
  noFigure: "not known",
  definition:
    "On time are flights that leave or arrive at most 15 minutes after their schedule. Cancelled and diverted flights count as not on time. Flights without an actual time do not count. Delays below zero are early flights.",
  onTimeByHour: "On time by hour",
  delayByHour: "Delay by hour",
  onTimeByAirline: "On time by airline",
  hour: "Hour",
  table: "Table",
  plot: (title) => `Plot: ${title}. The table below has its values.`,
  moreAirlines: (count) =>
    formats.plural(count, {
      one: "One more airline is not listed.",
      other: "# more airlines are not listed.",
    }),
  ...numbersOf(LOCALE),
  // As in the other texts of the page.
  minutes: (count) => `${count < 0 ? "−" : ""}${Math.abs(count)} min`,
};
