import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "fr-FR";
const formats = formatsOf(LOCALE);

export const fr: PunctualityTexts = {
  title: (board) => `Ponctualité : ${board}`,
  toBoard: "Vers le tableau",
  days: "Jours",
  periods: { today: "Aujourd’hui", yesterday: "Hier", week: "7 jours", own: "Autres jours" },
  firstDay: "Premier jour",
  lastDay: "Dernier jour",
  show: "Afficher",
  badDays: (most) =>
    `Le dernier jour ne peut pas précéder le premier, et ${most} jours au plus sont comptés.`,
  counting: "Comptage des vols",
  noAnswer: "Le serveur n’a pas encore répondu. Cette page continue d’essayer.",
  scheduledFrom: (from, to) => `Vols prévus du ${from} au ${to}.`,
  asOf: (time) => `Situation à ${time}.`,
  outdated: (time) => `Ces chiffres datent de ${time}. Aucun chiffre plus récent n’est arrivé.`,
  beginsAt: (time) => `Le serveur ne connaît que les vols depuis ${time}.`,
  noFlights: "Aucun vol n’est prévu pendant cette période.",
  noneKnown: "On ne sait encore rien de l’issue de ces vols.",
  flights: "Vols",
  onTime: "À l’heure",
  late: "En retard",
  unknown: "Inconnus",
  medianDelay: "Retard médian",
  p90Delay: "90 % ne dépassent pas",
  noFigure: "inconnu",
  definition:
    "Sont à l’heure les vols qui partent ou arrivent au plus tard 15 minutes après l’horaire. Les vols annulés et déroutés comptent comme non ponctuels. Les vols sans heure réelle ne comptent pas. Un retard négatif est une avance.",
  onTimeByHour: "À l’heure par heure",
  delayByHour: "Retard par heure",
  onTimeByAirline: "À l’heure par compagnie",
  hour: "Heure",
  table: "Tableau",
  plot: (title) => `Graphique : ${title}. Le tableau ci-dessous en donne les valeurs.`,
  moreAirlines: (count) =>
    formats.plural(count, {
      one: "# autre compagnie n’est pas citée.",
      other: "# autres compagnies ne sont pas citées.",
    }),
  ...numbersOf(LOCALE),
};
