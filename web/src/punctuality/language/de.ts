import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "de-DE";
const formats = formatsOf(LOCALE);

export const de: PunctualityTexts = {
  title: (board) => `Pünktlichkeit: ${board}`,
  toBoard: "Zur Tafel",
  days: "Tage",
  periods: { today: "Heute", yesterday: "Gestern", week: "7 Tage", own: "Andere Tage" },
  firstDay: "Erster Tag",
  lastDay: "Letzter Tag",
  show: "Anzeigen",
  badDays: (most) =>
    `Der letzte Tag darf nicht vor dem ersten liegen, und höchstens ${most} Tage zählen.`,
  counting: "Die Flüge werden gezählt",
  noAnswer: "Der Server hat noch nicht geantwortet. Diese Seite versucht es weiter.",
  scheduledFrom: (from, to) => `Flüge mit Planzeit von ${from} bis ${to}.`,
  asOf: (time) => `Stand ${time}.`,
  outdated: (time) => `Diese Zahlen haben den Stand ${time}. Neuere sind nicht gekommen.`,
  beginsAt: (time) => `Der Server kennt nur Flüge seit ${time}.`,
  noFlights: "In dieser Zeit ist kein Flug geplant.",
  noneKnown: "Noch ist von keinem dieser Flüge bekannt, wie er ausging.",
  flights: "Flüge",
  onTime: "Pünktlich",
  late: "Verspätet",
  unknown: "Nicht bekannt",
  medianDelay: "Mittlere Verspätung (Median)",
  p90Delay: "90 % höchstens",
  noFigure: "nicht bekannt",
  definition:
    "Pünktlich sind Flüge, die höchstens 15 Minuten nach Plan starten oder ankommen. Annullierte und umgeleitete Flüge zählen als nicht pünktlich. Flüge ohne tatsächliche Zeit zählen nicht. Verspätungen unter null sind verfrühte Flüge.",
  onTimeByHour: "Pünktlich nach Stunde",
  delayByHour: "Verspätung nach Stunde",
  onTimeByAirline: "Pünktlich nach Airline",
  hour: "Stunde",
  table: "Tabelle",
  plot: (title) => `Diagramm: ${title}. Die Werte stehen in der Tabelle darunter.`,
  moreAirlines: (count) =>
    formats.plural(count, {
      one: "Eine weitere Airline fehlt hier.",
      other: "# weitere Airlines fehlen hier.",
    }),
  ...numbersOf(LOCALE),
};
