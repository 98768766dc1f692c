import type { Language } from "./language.ts";

const short = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

const long = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  timeZone: "UTC",
});

export const en: Language = {
  tag: "en",
  states: {
    scheduled: "Scheduled",
    expected: "Expected",
    "check-in": "Check-in",
    "gate open": "Gate open",
    boarding: "Boarding",
    "final call": "Final call",
    "gate closed": "Gate closed",
    departed: "Departed",
    landing: "Landing",
    landed: "Landed",
    "at gate": "At gate",
    baggage: "Baggage",
    cancelled: "Cancelled",
    diverted: "Diverted",
  },
  stateAt: (state, time) => `${state} ${time}`,
  bagsOnBelt: "Bags on belt",
  onTime: "On time",
  noNews: "No news yet",
  late: (duration) => `${duration} late`,
  early: (duration) => `${duration} early`,
  duration(minutes) {
    if (minutes < 60) return `${minutes} min`;
    const rest = minutes % 60;
    return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
  },
  until: (minutes) => (minutes === 0 ? "now" : `in ${minutes} min`),
  day(days, date) {
    if (days === 0) return "Today";
    if (days === 1) return `Tomorrow, ${date}`;
    return days === -1 ? `Yesterday, ${date}` : date;
  },
  // Some versions of the browsers' data have a comma after the weekday.
  shortDate: (wall) => short.format(wall).replace(",", ""),
  longDate: (wall) => long.format(wall).replace(",", ""),
  dayAndHour: (day, hour) => `${day} · ${hour}`,
  noTime: "No time",
  earlierFlights: (count) => (count === 1 ? "1 earlier flight" : `${count} earlier flights`),
  hideEarlierFlights: "Hide earlier flights",
  columns: {
    time: "Time",
    place: "Place",
    flight: "Flight",
    checkIn: "Desk",
    gate: "Gate",
    terminal: "Terminal",
    belt: "Belt",
    status: "Status",
    origin: "Origin",
    destination: "Destination",
    arrival: "Arrival",
    departure: "Departure",
    estimated: "Estimated",
    actual: "Actual",
    state: "State",
    airline: "Airline",
    aircraft: "Aircraft",
    stand: "Stand",
    remark: "Remark",
    via: "Via",
    codeshares: "Codeshares",
  },
  soldAs: (number) => `sold as ${number}`,
  search: "Search",
  searchHint: "Flight, city or airline",
  filters: "Filters",
  times: { now: "Now", "2h": "Next 2 hours", today: "Today", tomorrow: "Tomorrow" },
  anyAirline: "Airline",
  anyTerminal: "Terminal",
  terminal: (name) => (/^\d/.test(name) ? `Terminal ${name}` : name),
  anyState: "Status",
  disrupted: "Late or cancelled",
  sort: "Sort by",
  sorts: { time: "By time", place: "By place", flight: "By flight" },
  found(count, earlier) {
    if (earlier === count) return en.earlierFlights(count);
    const flights = count === 1 ? "1 flight" : `${count} flights`;
    return earlier === 0 ? flights : `${flights}, ${earlier} of them earlier`;
  },
  nothingFound: (query) => (query === "" ? "No flight is like that" : `No flight for “${query}”`),
  clear: "Clear",
  followedFlights: "Followed flights",
  follow: "Follow",
  unfollow: "Stop following",
  notify: "Notify me of changes",
  fromPlace: "from",
  toPlace: "to",
  leaves: (time, left) => (left === undefined ? `leaves ${time}` : `leaves ${time}, ${left}`),
  arrives: (time, left) => (left === undefined ? `arrives ${time}` : `arrives ${time}, ${left}`),
  gateCall: (status, gate) => `${status}, gate ${gate}`,
  beltCall: (status, belt) => `${status}, belt ${belt}`,
  followedTitle: (status, flight) => `${status} - ${flight}`,
  share: "Share",
  linkCopied: "Link copied",
  link: "Link to this flight",
  absentFlight: (number) => `${number} is not on this board`,
  absentFlightHelp: "It may have left, or stand on another board.",
  severalFlights: "On which day?",
  from: "From",
  to: "To",
  via: "via",
  newTime: "new time",
  dayOffset: (days) => (Math.abs(days) === 1 ? " day" : " days"),
  unknown: "unknown",
  noAnnouncement: "no announcement",
  date: "Date",
  close: "Close",
  caption: (zone) => `All times are local: ${zone}.`,
  rowsOf: (first, last, all) => `Rows ${first} to ${last} of ${all}.`,
};
