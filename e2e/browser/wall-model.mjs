// The rows that a wall of departures must show, by the rules of docs/walls.md and docs/protocol.md. It shares no code with the page.

const MINUTE = 60_000;

/** A row is over this many minutes after its movement, or after its schedule. */
const OVER_AFTER_MOVEMENT = { departed: 5, scheduled: 30, expected: 30, "": 30 };
const OVER_AFTER_SCHEDULE = { "gate closed": 10, cancelled: 30, diverted: 30 };
const OVER_AFTER_CALL = 360;

const LATE_MINUTES = 15;
const EARLY_MINUTES = 10;
const COUNTDOWN_MINUTES = 60;

const minuteOf = (instant) => Math.floor(instant / MINUTE);

function timesOf({ departure, estimated, actual, state }) {
  const scheduled = Date.parse(departure);
  const news = state === "cancelled" ? undefined : (actual ?? estimated);
  return { scheduled, expected: news === undefined ? scheduled : Date.parse(news) };
}

/** The parts of a row that do not depend on the time of the day. */
function readRow(row) {
  const state = row.state ?? "";
  const { scheduled, expected } = timesOf(row);
  const afterSchedule = OVER_AFTER_SCHEDULE[state];
  const overAt =
    afterSchedule === undefined
      ? expected + (OVER_AFTER_MOVEMENT[state] ?? OVER_AFTER_CALL) * MINUTE
      : scheduled + afterSchedule * MINUTE;
  return { row, state, scheduled, expected, overAt };
}

const known = new WeakMap();

/** Rows are not changed, so each is read once. */
function read(row) {
  if (!known.has(row)) known.set(row, readRow(row));
  return known.get(row);
}

function compare(one, other) {
  if (one.expected !== other.expected) return one.expected - other.expected;
  if (one.row.flight !== other.row.flight) return one.row.flight < other.row.flight ? -1 : 1;
  return one.row.date < other.row.date ? -1 : 1;
}

function isMissed({ row, state, scheduled }, now) {
  if (state === "cancelled") return scheduled < now;
  return state === "gate closed" || state === "departed" || row.actual !== undefined;
}

/** The pages of a wall at `now`: rows of `size`, on at most `maxPages`. The first has the flights that can still be caught. */
export function wallPages(rows, now, { size, maxPages }) {
  const current = [...rows].map(read).filter(({ overAt }) => overAt > now);
  current.sort(compare);
  const first = current.filter((row) => !isMissed(row, now)).slice(0, size);
  const others = current.filter((row) => !first.includes(row));
  const pages = first.length > 0 ? [first] : [];
  while (others.length > 0 && pages.length < maxPages) pages.push(others.splice(0, size));
  return pages;
}

/** The texts of a row on the wall, in English. `clockText` writes an instant as `HH:MM` at the board. */
export function rowTexts({ row, state, scheduled, expected }, now, clockText) {
  const isRevised = minuteOf(expected) !== minuteOf(scheduled);
  const isSettled = row.actual !== undefined || ["departed", "cancelled"].includes(state);
  const until = minuteOf(expected) - minuteOf(now);
  const isCounted = !isSettled && until >= 0 && until <= COUNTDOWN_MINUTES;
  return {
    flight: row.flight,
    date: row.date,
    state,
    time: clockText(scheduled),
    revised: isRevised ? clockText(expected) : "",
    until: isCounted ? (until === 0 ? "now" : `in ${until} min`) : "",
    place: row.destination,
    airline: row.airline,
    status: statusText({ row, state, scheduled, expected, isSettled, until }, clockText),
  };
}

function statusText({ row, state, scheduled, expected, isSettled, until }, clockText) {
  const label = state.charAt(0).toUpperCase() + state.slice(1);
  if (state !== "scheduled") return row.actual ? `${label} ${clockText(expected)}` : label;
  const late = Math.round((expected - scheduled) / MINUTE);
  if (!isSettled && late >= LATE_MINUTES) return `${duration(late)} late`;
  if (!isSettled && late <= -EARLY_MINUTES) return `${duration(-late)} early`;
  return until >= 0 ? "On time" : label;
}

function duration(minutes) {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours > 0 && `${hours} h`, rest > 0 && `${rest} min`].filter(Boolean).join(" ");
}
