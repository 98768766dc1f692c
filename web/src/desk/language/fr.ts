import type { DeskLanguage, Origin } from "./language.ts";

export const fr: DeskLanguage = {
  title: (board) => `Poste d’édition : ${board}`,
  toBoard: "Vers le tableau",
  flights: "Vols",
  pick: "Choisissez un vol",
  pickHint:
    "Tapez / pour chercher, les flèches pour vous déplacer et Entrée pour ouvrir un vol. La touche ? les montre toutes.",
  notFound: "Aucun vol ne correspond",

  add: "Ajouter un vol",
  paste: "Coller plusieurs vols",
  undo: "Annuler",
  keys: "Touches",
  number: "Numéro de vol",
  date: "Date",
  leg: "Tronçon",
  legHint: "Seulement si le numéro vole deux fois ce jour-là",
  moreFields: "Autres champs",
  timeHint: "20:45, 0015 +1 pour le lendemain, ou +25 pour 25 minutes de retard",
  publish: "Publier",
  publishing: "Publication",
  discard: "Abandonner",
  back: "Retour à la liste",
  cancelFlight: "Déclarer le vol annulé",
  cancelQuestion: (flight, place, time) =>
    `Déclarer annulé ${[flight, place, time].filter(Boolean).join(", ")} ? Tous les écrans l’affichent aussitôt.`,
  cancelYes: (flight) => `Oui, ${flight} est annulé`,
  goBack: "Non, revenir",
  was: (value) => `avant : ${value}`,
  nothing: "rien",
  means: (day, time, difference) => [`${day}, ${time}`, difference].filter(Boolean).join(" · "),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `${reason.max} caractères au plus`;
      case "tooMany":
        return `${reason.max} éléments au plus`;
      case "control":
        return "pas de caractères de contrôle";
      case "number":
        return "un numéro de vol comme BA117";
      case "leg":
        return "seulement des lettres, des chiffres et - . _ :";
      case "date":
        return "une date comme 2026-11-22";
      case "time":
        return "une heure comme 20:45";
      case "skipped":
        return "cette heure n’existe pas ce jour-là : l’horloge avance";
      case "future":
        return "une heure réelle ne peut pas être à venir";
      case "noSchedule":
        return "cela compte à partir de l’heure prévue, et il n’y en a pas";
    }
  },

  holdWhole: "Verrouiller tout le vol",
  hold: (field) => `Verrouiller ${field}`,
  held: "Verrouillé : les sources n’y touchent pas",
  released: "Non verrouillé : une source peut le changer",
  heldField: (field) => `${field} : verrouillé`,
  releasedField: (field) => `${field} : déverrouillé`,
  holdsByDefault: (source) =>
    `Les lignes viennent de ${source}. Un champ que vous changez est verrouillé jusqu’à ce que vous le libériez avec le cadenas à côté.`,
  holdsByChoice:
    "Aucune source ne s’est annoncée sur ce tableau. Le cadenas protège un champ contre les sources.",
  draft: "non publié",

  changed: (field, theirs, origin) => `${field} : ${changedTo(theirs)}${originText(origin)}.`,
  changedWhile: (field, theirs, mine, origin) =>
    `${field} : ${changedTo(theirs)}${originText(origin)} pendant que vous tapiez ${mine}.`,
  keepTheirs: "Garder l’autre",
  putMine: "Mettre le mien",
  leftBoard: "a quitté le tableau, avec une saisie non publiée",
  draftOfRemoved: "Ce vol a quitté le tableau. Votre saisie est toujours là.",
  solveFirst:
    "Quelqu’un d’autre a changé la même chose. Choisissez la valeur qui reste, puis publiez de nouveau.",
  fixFirst: "Non fait : corrigez d’abord les champs marqués.",
  noChange: "Rien à publier : tout est comme sur le tableau.",

  made: (flight, what) => `Fait : ${flight}, ${what}.`,
  added: (flight) => `Fait : ${flight} a été ajouté.`,
  undone: (flight) => `Fait : le changement de ${flight} a été repris.`,
  unchanged: (flight) => `${flight} est déjà ainsi.`,
  notMade: (flight, why) => `Non fait : ${flight}. ${why}`,
  whyUnreachable: "Le serveur ne répond pas. Votre saisie est conservée.",
  whyToken: "Le serveur demande un jeton qui permet de publier. Votre saisie est conservée.",
  whyRefused: "Le serveur l’a refusé :",
  whyGone: "Le vol n’est plus sur le tableau.",
  whyExists: "Il y a déjà un vol avec ce numéro et cette date. Ouvrez-le et changez-le.",
  whyOvertaken: "Le vol a changé entre-temps. Regardez-le et publiez de nouveau.",
  whyConflict: "Quelqu’un d’autre a changé la même chose.",
  unknown: (flight) => `Inconnu : si le changement de ${flight} a été fait.`,
  unknownRepeats:
    "Le serveur n’a pas répondu. Répéter est sans risque : le changement est fait une fois au plus.",
  repeat: "Répéter",
  repeating: "Répétition",
  nothingToUndo: "Il n’y a rien à annuler.",
  waitsForOutcome: "L’issue du dernier changement n’est pas encore connue.",

  tokenNeeded: "Il faut un jeton pour publier",
  tokenHelp:
    "Il reste dans cette page jusqu’à sa fermeture ou son rechargement. Il n’est dans aucune adresse ni dans le stockage du navigateur.",
  token: "Jeton",
  signIn: "Se connecter",
  mayNot: "Cette page ne peut pas publier ici",
  newPage: "Le serveur a une nouvelle version de cette page.",
  reload: "La charger",

  yourChanges: "Vos changements",
  lastChanges: "Derniers changements",
  noHistory: "Ce serveur n’a pas de liste des changements. Voici ceux que cette page a vus.",
  historySilent: "La liste des changements ne répond pas. Voici ceux que cette page a vus.",
  noChanges: "Aucun pour l’instant",
  cleared: (field) => `${field} : vidé`,
  addition: "ajouté",
  removal: "retiré",
  by,

  pasteHelp: (headings) =>
    `Copiez des lignes d’un tableur, avec d’abord une ligne d’en-têtes comme ${headings}. Une cellule vide ne change rien ; un seul - vide le champ.`,
  pasteLabel: "Lignes avec en-têtes",
  pasteHold: "Verrouiller les champs collés contre les sources",
  line: "Ligne",
  newFlight: "nouveau",
  noEffect: "aucun changement",
  fieldReason: (field, reason) => `${field} : ${reason}`,
  unknownColumn: (heading) => `« ${heading} » n’est pas un champ`,
  doubleColumn: (heading) => `« ${heading} » est là deux fois`,
  noFlightColumn: (heading) => `Il manque la colonne ${heading} dans les en-têtes`,
  doubleLine: (line) => `le même vol qu’à la ligne ${line}`,
  tooManyCells: (cells) => `${cells} cellules, plus que d’en-têtes`,
  severalRows: (dates) => `nécessaire, parmi ${dates}`,
  publishLines: (count, all) =>
    count === all
      ? `Publier ${count === 1 ? "1 ligne" : `${count} lignes`}`
      : `Publier ${count} lignes sur ${all}`,
  noLines: "Aucune ligne ne peut être publiée",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`publiées : ${made}`];
    if (refused > 0) parts.push(`refusées : ${refused}`);
    if (unknown > 0) parts.push(`inconnues : ${unknown}`);
    if (skipped > 0) parts.push(`non envoyées : ${skipped}`);
    return `Lignes ${parts.join(", ")}.`;
  },
  lineMade: "publiée",
  lineRefused: (why) => `refusée : ${why}`,
  lineUnknown: "inconnue",
  lineSkipped: "non envoyée",
  noLineMade: "Aucune ligne n’a été publiée.",
  goBackToText: "Retour au texte",

  keysTitle: "Touches du poste d’édition",
  keyTexts: {
    search: "chercher",
    move: "se déplacer dans la liste",
    open: "ouvrir le vol",
    escape: "retour à la liste, la saisie est conservée",
    publish: "publier",
    undo: "reprendre votre dernier changement, hors des champs de texte",
    add: "ajouter un vol",
    cancel: "déclarer le vol annulé, après une question",
    paste: "coller plusieurs lignes",
    keys: "montrer ces touches",
    hold: "verrouiller ou libérer le champ",
  },
};

function by({ publisher, isFeed }: Omit<Origin, "time">): string {
  return isFeed ? `source ${publisher ?? ""}`.trim() : (publisher ?? "");
}

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "vidé" : `changé en ${theirs}`;
}

function originText({ time, ...who }: Origin): string {
  const name = by(who);
  return (time === undefined ? "" : ` à ${time}`) + (name === "" ? "" : ` par ${name}`);
}
