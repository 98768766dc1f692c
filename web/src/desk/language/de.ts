import type { DeskLanguage, Origin } from "./language.ts";

export const de: DeskLanguage = {
  title: (board) => `Schreibtisch: ${board}`,
  toBoard: "Zur Tafel",
  flights: "Flüge",
  pick: "Einen Flug wählen",
  pickHint:
    "Mit / suchen, mit den Pfeiltasten gehen, mit Enter einen Flug öffnen. Die Taste ? zeigt alle Tasten.",
  notFound: "Kein Flug passt dazu",

  add: "Flug hinzufügen",
  paste: "Viele einfügen",
  undo: "Rückgängig",
  keys: "Tasten",
  number: "Flugnummer",
  date: "Datum",
  leg: "Teilstrecke",
  legHint: "Nur wenn die Nummer an dem Tag zweimal fliegt",
  moreFields: "Weitere Felder",
  timeHint: "20:45, 0015 +1 für den nächsten Tag, oder +25 für 25 Minuten Verspätung",
  publish: "Veröffentlichen",
  publishing: "Wird veröffentlicht",
  discard: "Verwerfen",
  back: "Zurück zur Liste",
  cancelFlight: "Flug annullieren",
  cancelQuestion: (flight, place, time) =>
    `${[flight, place, time].filter(Boolean).join(", ")} annullieren? Alle Bildschirme zeigen es sofort.`,
  cancelYes: (flight) => `Ja, ${flight} annullieren`,
  goBack: "Nein, zurück",
  was: (value) => `vorher: ${value}`,
  nothing: "nichts",
  means: (day, time, difference) => [`${day}, ${time}`, difference].filter(Boolean).join(" · "),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `höchstens ${reason.max} Zeichen`;
      case "tooMany":
        return `höchstens ${reason.max} Einträge`;
      case "control":
        return "keine Steuerzeichen";
      case "number":
        return "eine Flugnummer wie BA117";
      case "leg":
        return "nur Buchstaben, Ziffern und - . _ :";
      case "date":
        return "ein Datum wie 2026-11-22";
      case "time":
        return "eine Zeit wie 20:45";
      case "skipped":
        return "diese Zeit gibt es an dem Tag nicht, die Uhr wird vorgestellt";
      case "future":
        return "eine tatsächliche Zeit darf nicht in der Zukunft liegen";
      case "noSchedule":
        return "das zählt ab der Planzeit, und die fehlt";
    }
  },

  holdWhole: "Den ganzen Flug festhalten",
  hold: (field) => `${field} festhalten`,
  held: "Festgehalten: Datenquellen ändern es nicht",
  released: "Nicht festgehalten: eine Datenquelle kann es ändern",
  heldField: (field) => `${field} festgehalten`,
  releasedField: (field) => `${field} freigegeben`,
  holdsByDefault: (source) =>
    `Die Zeilen kommen von ${source}. Ein Feld, das Sie ändern, wird festgehalten, bis Sie es mit dem Schloss daneben freigeben.`,
  holdsByChoice:
    "Für diese Tafel hat sich keine Datenquelle gemeldet. Das Schloss hält ein Feld gegen Datenquellen fest.",
  draft: "nicht veröffentlicht",

  changed: (field, theirs, origin) => `${field} wurde${originText(origin)} ${changedTo(theirs)}.`,
  changedWhile: (field, theirs, mine, origin) =>
    `${field} wurde${originText(origin)} ${changedTo(theirs)}, während Sie ${mine} eingegeben haben.`,
  keepTheirs: "Jenes behalten",
  putMine: "Meines nehmen",
  leftBoard: "von der Tafel verschwunden, mit nicht veröffentlichter Eingabe",
  draftOfRemoved: "Dieser Flug hat die Tafel verlassen. Ihre Eingabe ist noch da.",
  solveFirst:
    "Jemand anders hat dasselbe geändert. Wählen Sie den Wert, der bleibt, und veröffentlichen Sie noch einmal.",
  fixFirst: "Nicht gemacht: Bitte zuerst die markierten Felder berichtigen.",
  noChange: "Es gibt nichts zu veröffentlichen: Alles ist wie auf der Tafel.",

  made: (flight, what) => `Gemacht: ${flight}, ${what}.`,
  added: (flight) => `Gemacht: ${flight} wurde hinzugefügt.`,
  undone: (flight) => `Gemacht: Die Änderung von ${flight} wurde zurückgenommen.`,
  unchanged: (flight) => `${flight} ist schon so.`,
  notMade: (flight, why) => `Nicht gemacht: ${flight}. ${why}`,
  whyUnreachable: "Der Server antwortet nicht. Ihre Eingabe bleibt erhalten.",
  whyToken: "Der Server verlangt einen Token mit Schreibrecht. Ihre Eingabe bleibt erhalten.",
  whyRefused: "Der Server hat abgelehnt:",
  whyGone: "Der Flug ist nicht mehr auf der Tafel.",
  whyExists:
    "Es gibt schon einen Flug mit dieser Nummer und diesem Datum. Öffnen und ändern Sie ihn.",
  whyOvertaken:
    "Der Flug wurde inzwischen geändert. Sehen Sie ihn an und veröffentlichen Sie noch einmal.",
  whyConflict: "Jemand anders hat dasselbe geändert.",
  unknown: (flight) => `Unbekannt: ob die Änderung von ${flight} gemacht wurde.`,
  unknownRepeats:
    "Der Server hat nicht geantwortet. Wiederholen ist sicher: Er macht die Änderung höchstens einmal.",
  repeat: "Wiederholen",
  repeating: "Wird wiederholt",
  nothingToUndo: "Es gibt nichts zurückzunehmen.",
  waitsForOutcome: "Der Ausgang der letzten Änderung ist noch nicht bekannt.",

  tokenNeeded: "Zum Veröffentlichen wird ein Token gebraucht",
  tokenHelp:
    "Er bleibt in dieser Seite, bis sie geschlossen oder neu geladen wird. Er steht in keiner Adresse und nicht im Speicher des Browsers.",
  token: "Token",
  signIn: "Anmelden",
  mayNot: "Diese Seite darf hier nicht veröffentlichen",
  newPage: "Der Server hat eine neue Version dieser Seite.",
  reload: "Laden",

  yourChanges: "Ihre Änderungen",
  lastChanges: "Letzte Änderungen",
  noHistory:
    "Dieser Server hat keine Liste der Änderungen. Dies sind die, die diese Seite gesehen hat.",
  historySilent:
    "Die Liste der Änderungen antwortet nicht. Dies sind die, die diese Seite gesehen hat.",
  noChanges: "Noch keine",
  cleared: (field) => `${field} geleert`,
  addition: "hinzugefügt",
  removal: "entfernt",
  by,

  pasteHelp: (headings) =>
    `Kopieren Sie Zeilen aus einer Tabelle, mit einer Zeile Überschriften zuerst, etwa ${headings}. Eine leere Zelle ändert nichts; ein einzelnes - leert das Feld.`,
  pasteLabel: "Zeilen mit Überschriften",
  pasteHold: "Die eingefügten Felder gegen Datenquellen festhalten",
  line: "Zeile",
  newFlight: "neu",
  noEffect: "keine Änderung",
  fieldReason: (field, reason) => `${field}: ${reason}`,
  unknownColumn: (heading) => `„${heading}“ ist kein Feld`,
  doubleColumn: (heading) => `„${heading}“ steht zweimal da`,
  noFlightColumn: (heading) => `Die Überschriften brauchen eine Spalte ${heading}`,
  doubleLine: (line) => `derselbe Flug wie in Zeile ${line}`,
  tooManyCells: (cells) => `${cells} Zellen, mehr als Überschriften`,
  severalRows: (dates) => `nötig, eines von ${dates}`,
  publishLines: (count, all) =>
    count === all
      ? `${count === 1 ? "1 Zeile" : `${count} Zeilen`} veröffentlichen`
      : `${count} von ${all} Zeilen veröffentlichen`,
  noLines: "Keine Zeile kann veröffentlicht werden",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`${made} veröffentlicht`];
    if (refused > 0) parts.push(`${refused} abgelehnt`);
    if (unknown > 0) parts.push(`${unknown} unbekannt`);
    if (skipped > 0) parts.push(`${skipped} nicht gesendet`);
    return `${parts.join(", ")}.`;
  },
  lineMade: "veröffentlicht",
  lineRefused: (why) => `abgelehnt: ${why}`,
  lineUnknown: "unbekannt",
  lineSkipped: "nicht gesendet",
  noLineMade: "Keine Zeile wurde veröffentlicht.",
  goBackToText: "Zurück zum Text",

  keysTitle: "Tasten des Schreibtischs",
  keyTexts: {
    search: "suchen",
    move: "in der Liste gehen",
    open: "den Flug öffnen",
    escape: "zurück zur Liste, die Eingabe bleibt",
    publish: "veröffentlichen",
    undo: "die letzte eigene Änderung zurücknehmen, außerhalb von Textfeldern",
    add: "einen Flug hinzufügen",
    cancel: "den Flug annullieren, nach einer Frage",
    paste: "viele Zeilen einfügen",
    keys: "diese Tasten zeigen",
    hold: "das Feld festhalten oder freigeben",
  },
};

function by({ publisher, isFeed }: Omit<Origin, "time">): string {
  return isFeed ? `Datenquelle ${publisher ?? ""}`.trim() : (publisher ?? "");
}

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "geleert" : `auf ${theirs} geändert`;
}

function originText({ time, ...who }: Origin): string {
  const name = by(who);
  return (time === undefined ? "" : ` um ${time}`) + (name === "" ? "" : ` von ${name}`);
}
