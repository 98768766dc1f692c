// The texts of the page, as each language has to give them.

import type { Board } from "flightboard-client";
import type { ColumnName } from "../rows/columns.ts";
import type { SortName, TimeFilter } from "../finding/filters.ts";
import type { Announcements } from "../announcements.ts";
import type { StateName } from "../states.ts";
import type { LanguageTag } from "./languages.ts";

export interface Language {
  /** BCP 47. */
  readonly tag: LanguageTag;
  readonly direction: "ltr" | "rtl";
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
  /** Without the day of the week. */
  dayOfMonth(wall: number): string;
  /** Two parts of a sentence, such as a time and a date. */
  joined(one: string, other: string): string;
  readonly lessThanMinuteAgo: string;
  ago(count: number, unit: "minute" | "hour" | "day"): string;
  dayAndHour(day: string, hour: string): string;
  readonly noTime: string;
  earlierFlights(count: number): string;
  readonly hideEarlierFlights: string;
  readonly columns: Readonly<Record<ColumnName, string>>;
  /** After a flight's number. */
  alsoSoldAs(numbers: string): string;
  /** Beside a flight that was found by another number of it. */
  soldAs(number: string): string;
  readonly search: string;
  readonly searchHint: string;
  readonly filters: string;
  readonly times: Readonly<Record<TimeFilter, string>>;
  readonly anyAirline: string;
  readonly anyTerminal: string;
  terminal(name: string): string;
  readonly anyState: string;
  readonly disrupted: string;
  readonly sort: string;
  readonly sorts: Readonly<Record<SortName | "time", string>>;
  found(count: number, earlier: number): string;
  nothingFound(query: string): string;
  readonly clear: string;
  readonly followedFlights: string;
  readonly follow: string;
  readonly unfollow: string;
  readonly notify: string;
  /** After a flight's number. */
  fromPlace(place: string): string;
  toPlace(place: string): string;
  /** `left` is the text of `until`, if the time is near. */
  leaves(time: string, left: string | undefined): string;
  arrives(time: string, left: string | undefined): string;
  gateCall(status: string, gate: string): string;
  beltCall(status: string, belt: string): string;
  /** The title of a notification, and of the page in a list of tabs. */
  followedTitle(status: string, flight: string): string;
  readonly share: string;
  readonly linkCopied: string;
  readonly link: string;
  absentFlight(number: string): string;
  readonly absentFlightHelp: string;
  readonly severalFlights: string;
  readonly history: HistoryTexts;
  readonly qrCode: string;
  /** The headings of a place on a board of arrivals and of departures. */
  readonly from: string;
  readonly to: string;
  via(places: string): string;
  readonly newTime: string;
  dayOffset(days: number): string;
  readonly unknown: string;
  readonly noAnnouncement: string;
  readonly date: string;
  readonly close: string;
  /** A link. */
  readonly punctuality: string;
  caption(zone: string): string;
  rowsOf(first: number, last: number, all: number): string;
  readonly boards: BoardListTexts;
  readonly connection: ConnectionTexts;
  readonly notice: NoticeTexts;
  readonly source: SourceTexts;
  readonly placeholder: PlaceholderTexts;
  readonly signIn: SignInTexts;
  readonly announced: AnnouncedTexts;
  readonly settings: SettingsTexts;
  /** Above the rows on paper. */
  printedAt(time: string): string;
  readonly past: PastTexts;
  /** Of screens without a reader who could act. */
  readonly wall: WallTexts;
  readonly embed: EmbedTexts;
}

/** Of the changes of a flight. */
export interface HistoryTexts {
  readonly title: string;
  readonly added: string;
  readonly removed: string;
  /** `label` is the name of a column. */
  changed(label: string, from: string, to: string): string;
  withdrawn(label: string, from: string): string;
  /** The steps from the schedule to the end. */
  readonly progress: string;
}

/** Of the board as of a time of the past. */
export interface PastTexts {
  /** A button. */
  readonly open: string;
  /** The name of the time bar. */
  readonly bar: string;
  readonly notLive: string;
  readonly playing: string;
  readonly play: string;
  readonly pause: string;
  readonly speed: string;
  readonly backToLive: string;
  /** The oldest time that can be had. */
  begins(time: string): string;
  /** Why a time cannot be shown. */
  readonly busy: string;
  readonly lost: string;
  readonly denied: string;
  readonly refused: string;
}

/** Of the element in pages of others. */
export interface EmbedTexts {
  readonly noBoard: string;
  noBoardHelp(attribute: string, example: string): string;
  /** The server refuses its data to pages of `origin`. */
  refused(origin: string): string;
  /** `option` is that of the server's command line. */
  refusedHelp(host: string, option: string): string;
}

/** Of the links to all boards. */
export interface BoardListTexts {
  readonly label: string;
  readonly closed: string;
  readonly outdated: string;
}

export interface ConnectionTexts {
  readonly connecting: string;
  readonly live: string;
  /** To a server that may have old rows itself. */
  readonly connected: string;
  reconnecting(since: string): string;
  stale(since: string): string;
  readonly stopped: string;
  readonly absent: string;
  readonly denied: string;
  readonly closed: string;
  closedFor(reason: string): string;
  readonly resume: string;
  readonly stop: string;
  readonly signOut: string;
}

/** That the rows may be outdated. */
export interface NoticeTexts {
  absent(time: string): string;
  readonly connecting: string;
  stopped(time: string): string;
  /** The rows that the browser has kept, as of a time and a day. */
  kept(time: string): string;
  asOf(time: string): string;
  overdue(time: string): string;
  silentSource(name: string): string;
  silentSourceSince(name: string, time: string): string;
  failedSource(name: string, reason: string): string;
  failedSourceSince(name: string, time: string, reason: string): string;
}

export interface SourceTexts {
  lastUpdate(age: string): string;
  readonly noAnswer: string;
  readonly opensNewTab: string;
}

/** In the place of rows. */
export interface PlaceholderTexts {
  readonly waiting: string;
  /** The page has lost the connection before the rows came. */
  readonly retrying: string;
  readonly stopped: string;
  readonly noFlights: string;
  /** On a board whose source is silent. */
  readonly noneKnown: string;
  /** How flights come. */
  readonly byAirport: string;
  bySource(name: string): string;
  absent(name: string): string;
  readonly absentHelp: string;
  readonly closed: string;
  readonly forPublishers: string;
  /** A link. */
  readonly toDesk: string;
}

export interface SignInTexts {
  readonly needed: string;
  /** To a reader who has seen rows. */
  readonly ended: string;
  readonly help: string;
  readonly token: string;
  readonly submit: string;
  readonly noAnswer: string;
  /** Over plain HTTP. */
  readonly insecure: string;
}

/** Of changes, for screen readers. `flight` is a number, with its place if that is known. */
export interface AnnouncedTexts {
  added(flight: string): string;
  removed(flight: string): string;
  changed(flight: string, changes: string): string;
  expected(time: string): string;
  /** `label` is the name of a column. */
  value(label: string, value: string): string;
  more(count: number): string;
}

/** Of the dialog with the settings of the page. */
export interface SettingsTexts {
  readonly title: string;
  readonly language: string;
  readonly announcements: string;
  readonly announce: Readonly<Record<Announcements, string>>;
}

export interface WallTexts {
  readonly waiting: string;
  readonly noFlights: string;
  readonly closed: string;
  readonly denied: string;
  readonly absent: string;
  /** Unless the board has a notice of its own. */
  readonly notice: string;
  unknownSince(time: string): string;
  /** `place` is that of the time zone. */
  timesOf(place: string): string;
  pageOf(page: number, pages: number): string;
  gate(name: string): string;
  belt(name: string): string;
  airport(name: string): string;
  /** The title of all boards of a kind. */
  readonly kinds: Readonly<Record<Board["kind"], string>>;
  readonly chooseBoard: string;
  /** A link to one board of several. */
  readonly onlyThis: string;
  tooManyBoards(most: number): string;
  readonly noPage: string;
}
