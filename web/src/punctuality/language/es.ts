import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "es-ES";
const formats = formatsOf(LOCALE);

export const es: PunctualityTexts = {
  title: (board) => `Puntualidad: ${board}`,
  toBoard: "Al panel",
  days: "Días",
  periods: { today: "Hoy", yesterday: "Ayer", week: "7 días", own: "Otros días" },
  firstDay: "Primer día",
  lastDay: "Último día",
  show: "Mostrar",
  badDays: (most) =>
    `El último día no puede ser anterior al primero, y cuentan ${most} días como máximo.`,
  counting: "Contando los vuelos",
  noAnswer: "El servidor aún no ha respondido. Esta página lo sigue intentando.",
  scheduledFrom: (from, to) => `Vuelos programados del ${from} al ${to}.`,
  asOf: (time) => `Datos de las ${time}.`,
  outdated: (time) => `Estas cifras son de las ${time}. No han llegado otras más nuevas.`,
  beginsAt: (time) => `El servidor solo conoce vuelos desde el ${time}.`,
  noFlights: "No hay vuelos programados en este tiempo.",
  noneKnown: "Aún no se conoce el resultado de ninguno de estos vuelos.",
  flights: "Vuelos",
  onTime: "Puntuales",
  late: "Con retraso",
  unknown: "Sin datos",
  medianDelay: "Retraso mediano",
  p90Delay: "El 90 % no supera",
  noFigure: "sin datos",
  definition:
    "Son puntuales los vuelos que salen o llegan como máximo 15 minutos después de lo programado. Los cancelados y desviados cuentan como no puntuales. Los vuelos sin hora real no cuentan. Un retraso menor que cero es un adelanto.",
  onTimeByHour: "Puntuales por hora",
  delayByHour: "Retraso por hora",
  onTimeByAirline: "Puntuales por aerolínea",
  hour: "Hora",
  table: "Tabla",
  plot: (title) => `Gráfico: ${title}. La tabla de abajo tiene los valores.`,
  moreAirlines: (count) =>
    formats.plural(count, {
      one: "Hay otra aerolínea que no figura.",
      other: "Hay otras # aerolíneas que no figuran.",
    }),
  ...numbersOf(LOCALE),
};
