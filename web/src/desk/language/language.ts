// The texts of the desk, as each language has to give them. The names of fields and states are those of the page.

import type { Reason } from "../typed-fields.ts";

/** The publisher and the time of a change. Each part is missing if it is not known. */
export interface Origin {
  /** `HH:MM` on the clock of the board. */
  readonly time: string | undefined;
  /** The name of the token. */
  readonly publisher: string | undefined;
  readonly isFeed: boolean;
}

export interface DeskLanguage {
  title(board: string): string;
  readonly toBoard: string;
  readonly flights: string;
  readonly pick: string;
  readonly pickHint: string;
  readonly notFound: string;

  readonly add: string;
  readonly paste: string;
  readonly undo: string;
  readonly keys: string;
  readonly number: string;
  readonly date: string;
  readonly leg: string;
  readonly legHint: string;
  readonly moreFields: string;
  readonly timeHint: string;
  readonly publish: string;
  readonly publishing: string;
  readonly discard: string;
  readonly back: string;
  readonly cancelFlight: string;
  cancelQuestion(flight: string, place: string, time: string): string;
  cancelYes(flight: string): string;
  readonly goBack: string;
  was(value: string): string;
  readonly nothing: string;
  /** The instant that a typed time means, with its day. */
  means(day: string, time: string, difference: string | undefined): string;
  reason(reason: Reason): string;

  readonly holdWhole: string;
  hold(field: string): string;
  readonly held: string;
  readonly released: string;
  heldField(field: string): string;
  releasedField(field: string): string;
  /** A field that a person changes is held, since a source would change it back. */
  holdsByDefault(source: string): string;
  readonly holdsByChoice: string;
  readonly draft: string;

  /** `theirs` is undefined for a field that was cleared. */
  changed(field: string, theirs: string | undefined, origin: Origin): string;
  changedWhile(field: string, theirs: string | undefined, mine: string, origin: Origin): string;
  readonly keepTheirs: string;
  readonly putMine: string;
  /** After the number of a flight. */
  readonly leftBoard: string;
  readonly draftOfRemoved: string;
  readonly solveFirst: string;
  readonly fixFirst: string;
  readonly noChange: string;

  made(flight: string, what: string): string;
  added(flight: string): string;
  undone(flight: string): string;
  unchanged(flight: string): string;
  notMade(flight: string, why: string): string;
  readonly whyUnreachable: string;
  readonly whyToken: string;
  readonly whyRefused: string;
  readonly whyGone: string;
  readonly whyExists: string;
  readonly whyOvertaken: string;
  readonly whyConflict: string;
  unknown(flight: string): string;
  readonly unknownRepeats: string;
  readonly repeat: string;
  readonly repeating: string;
  readonly nothingToUndo: string;
  readonly waitsForOutcome: string;

  readonly tokenNeeded: string;
  readonly tokenHelp: string;
  readonly token: string;
  readonly signIn: string;
  readonly mayNot: string;
  readonly newPage: string;
  readonly reload: string;

  readonly yourChanges: string;
  readonly lastChanges: string;
  readonly noHistory: string;
  readonly historySilent: string;
  readonly noChanges: string;
  cleared(field: string): string;
  readonly addition: string;
  readonly removal: string;
  by(origin: Omit<Origin, "time">): string;

  /** `headings` has some names of fields. */
  pasteHelp(headings: string): string;
  readonly pasteLabel: string;
  readonly pasteHold: string;
  readonly line: string;
  readonly newFlight: string;
  readonly noEffect: string;
  fieldReason(field: string, reason: string): string;
  unknownColumn(heading: string): string;
  doubleColumn(heading: string): string;
  noFlightColumn(heading: string): string;
  doubleLine(line: number): string;
  tooManyCells(cells: number): string;
  severalRows(dates: string): string;
  publishLines(count: number, all: number): string;
  readonly noLines: string;
  linesDone(made: number, refused: number, unknown: number, skipped: number): string;
  readonly lineMade: string;
  lineRefused(why: string): string;
  readonly lineUnknown: string;
  readonly lineSkipped: string;
  readonly noLineMade: string;
  readonly goBackToText: string;

  readonly keysTitle: string;
  readonly keyTexts: {
    readonly search: string;
    readonly move: string;
    readonly open: string;
    readonly escape: string;
    readonly publish: string;
    readonly undo: string;
    readonly add: string;
    readonly cancel: string;
    readonly paste: string;
    readonly keys: string;
    readonly hold: string;
  };
}
