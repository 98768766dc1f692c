import type { DeskLanguage, Origin } from "./language.ts";

export const en: DeskLanguage = {
  title: (board) => `Desk: ${board}`,
  toBoard: "To the board",
  flights: "Flights",
  pick: "Choose a flight",
  pickHint:
    "Press / to search, the arrow keys to move, and Enter to open a flight. Press ? for all keys.",
  notFound: "No flight is like that",

  add: "Add a flight",
  paste: "Paste many",
  undo: "Undo",
  keys: "Keys",
  number: "Flight number",
  date: "Date",
  leg: "Leg",
  legHint: "Only if the number flies twice on that day",
  moreFields: "More fields",
  timeHint: "20:45, 0015 +1 for the next day, or +25 for 25 minutes late",
  publish: "Publish",
  publishing: "Publishing",
  discard: "Discard",
  back: "Back to the list",
  cancelFlight: "Cancel the flight",
  cancelQuestion: (flight, place, time) =>
    `Cancel ${[flight, place, time].filter(Boolean).join(", ")}? All screens show it at once.`,
  cancelYes: (flight) => `Yes, cancel ${flight}`,
  goBack: "No, go back",
  was: (value) => `was ${value}`,
  nothing: "nothing",
  means: (day, time, difference) => [`${day}, ${time}`, difference].filter(Boolean).join(" · "),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `must have at most ${reason.max} characters`;
      case "tooMany":
        return `must have at most ${reason.max} items`;
      case "control":
        return "must not contain control characters";
      case "number":
        return "must be a flight number such as BA117";
      case "leg":
        return "must consist of letters, digits and - . _ :";
      case "date":
        return "must be a date such as 2026-11-22";
      case "time":
        return "must be a time such as 20:45";
      case "skipped":
        return "does not exist on that day: the clock is set forward";
      case "future":
        return "is an actual time, so it must not be in the future";
      case "noSchedule":
        return "counts from the scheduled time, and there is none";
    }
  },

  holdWhole: "Hold the whole flight",
  hold: (field) => `Hold ${field.toLowerCase()}`,
  held: "Held: feeds leave it alone",
  released: "Not held: a feed may change it",
  heldField: (field) => `${field} held`,
  releasedField: (field) => `${field} released`,
  holdsByDefault: (source) =>
    `The rows come from ${source}. A field that you change is held, so the feed leaves it alone, until you release it with the lock beside it.`,
  holdsByChoice: "No feed announces itself on this board. Lock a field to hold it against feeds.",
  draft: "not published",

  changed: (field, theirs, origin) => `${field} was ${changedTo(theirs)}${originText(origin)}.`,
  changedWhile: (field, theirs, mine, origin) =>
    `${field} was ${changedTo(theirs)}${originText(origin)} while you typed ${mine}.`,
  keepTheirs: "Keep theirs",
  putMine: "Put mine",
  leftBoard: "left the board, with text that is not published",
  draftOfRemoved: "This flight has left the board. What you typed is still here.",
  solveFirst: "Somebody else has changed the same. Choose which value stays, then publish again.",
  fixFirst: "Not made: correct the marked fields first.",
  noChange: "There is nothing to publish: nothing differs from the board.",

  made: (flight, what) => `Made: ${flight}, ${what}.`,
  added: (flight) => `Made: ${flight} was added.`,
  undone: (flight) => `Made: the change of ${flight} was undone.`,
  unchanged: (flight) => `${flight} is so already.`,
  notMade: (flight, why) => `Not made: ${flight}. ${why}`,
  whyUnreachable: "The server does not answer. What you typed is kept.",
  whyToken: "The server needs a token that may publish. What you typed is kept.",
  whyRefused: "The server refused it:",
  whyGone: "The flight is no longer on the board.",
  whyExists: "There is a flight with this number and date. Open it and change it.",
  whyOvertaken: "The flight was changed meanwhile. Look at it, and publish again.",
  whyConflict: "Somebody else has changed the same.",
  unknown: (flight) => `Unknown: whether the change of ${flight} was made.`,
  unknownRepeats:
    "The server did not answer. Repeating is safe: the server makes the change once at most.",
  repeat: "Repeat",
  repeating: "Repeating",
  nothingToUndo: "There is nothing to undo.",
  waitsForOutcome: "The outcome of the last change is not known yet.",

  tokenNeeded: "Publishing needs a token",
  tokenHelp:
    "It stays in this page until it is closed or loaded again. It is in no URL and not in the browser's storage.",
  token: "Token",
  signIn: "Sign in",
  mayNot: "This page may not publish here",
  newPage: "The server has a new version of this page.",
  reload: "Load it",

  yourChanges: "Your changes",
  lastChanges: "Last changes",
  noHistory: "This server has no list of changes. These are the ones that this page has seen.",
  historySilent: "The list of changes does not answer. These are the ones that this page has seen.",
  noChanges: "None yet",
  cleared: (field) => `${field} cleared`,
  addition: "added",
  removal: "removed",
  by: ({ publisher, isFeed }) => (isFeed ? `feed ${publisher ?? ""}`.trim() : (publisher ?? "")),

  pasteHelp: (headings) =>
    `Copy rows from a spreadsheet, with a line of headings first, such as ${headings}. An empty cell changes nothing; a single - clears the field.`,
  pasteLabel: "Rows with headings",
  pasteHold: "Hold the pasted fields against feeds",
  line: "Line",
  newFlight: "new",
  noEffect: "no change",
  fieldReason: (field, reason) => `${field} ${reason}`,
  unknownColumn: (heading) => `“${heading}” is no field`,
  doubleColumn: (heading) => `“${heading}” is there twice`,
  noFlightColumn: (heading) => `The headings need a column ${heading}`,
  doubleLine: (line) => `is the same flight as in line ${line}`,
  tooManyCells: (cells) => `has ${cells} cells, more than there are headings`,
  severalRows: (dates) => `is needed, one of ${dates}`,
  publishLines: (count, all) =>
    count === all
      ? `Publish ${count === 1 ? "1 line" : `${count} lines`}`
      : `Publish ${count} of ${all} lines`,
  noLines: "No line can be published",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`${made} published`];
    if (refused > 0) parts.push(`${refused} refused`);
    if (unknown > 0) parts.push(`${unknown} unknown`);
    if (skipped > 0) parts.push(`${skipped} not sent`);
    return `${parts.join(", ")}.`;
  },
  lineMade: "published",
  lineRefused: (why) => `refused: ${why}`,
  lineUnknown: "unknown",
  lineSkipped: "not sent",
  noLineMade: "No line was published.",
  goBackToText: "Back to the text",

  keysTitle: "Keys of the desk",
  keyTexts: {
    search: "search",
    move: "move in the list",
    open: "open the flight",
    escape: "back to the list, typed text is kept",
    publish: "publish",
    undo: "undo your last change, outside of text fields",
    add: "add a flight",
    cancel: "cancel the flight, after a question",
    paste: "paste many rows",
    keys: "show these keys",
    hold: "hold or release the field",
  },
};

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "cleared" : `changed to ${theirs}`;
}

function originText({ time, ...who }: Origin): string {
  const name = en.by(who);
  return (time === undefined ? "" : ` at ${time}`) + (name === "" ? "" : ` by ${name}`);
}
