// The evening of a hub with 430 departures and as many arrivals a day, after Hong Kong's: most flights have left, some have
// closed their gates, are called, late or cancelled, and many are sold under the numbers of other airlines.

const MINUTE = 60_000;

const ROWS_OF_A_DAY = 430;

/** Of the departures that leave later, as at 20:18 in Hong Kong. */
const ROWS_FROM_NOW = 76;

/** 430 flights in a day and two hours. */
const MINUTES_BETWEEN_ROWS = 3.6;

/** Airports schedule in steps. Half a step from now nothing changes by itself within two minutes. */
const STEP_MINUTES = 5;

const AIRLINES = ["CX", "UO", "HX", "HB", "CI", "BR", "SQ", "TG", "JL", "MU"];
const PLACES = ["TPE", "BKK", "SIN", "NRT", "PVG", "LHR", "MNL", "ICN", "KIX", "SYD", "DEL", "JFK"];

/** How many further numbers the flights have, one after the other. */
const CODESHARES = [0, 1, 2, 4, 9];

/** The flight whose gate has closed, and one of the numbers under which it was sold. */
export const FOUND = { flight: "CX 797", codeshare: "AA 8892" };

/** Rows of `departures` and `arrivals`. */
export function hubEvening(now = Date.now()) {
  const at = (minutes) => new Date(Math.floor(now / MINUTE) * MINUTE + minutes * MINUTE);
  const slots = Array.from({ length: ROWS_OF_A_DAY }, (_, index) => {
    const exact = (index - (ROWS_OF_A_DAY - ROWS_FROM_NOW)) * MINUTES_BETWEEN_ROWS;
    const minutes = (Math.floor(exact / STEP_MINUTES) + 0.5) * STEP_MINUTES;
    return { index, minutes, at: (some) => at(some).toISOString() };
  });
  return { departures: [...slots.map(departure), found(at)], arrivals: slots.map(arrival) };
}

function found(at) {
  return {
    flight: FOUND.flight,
    date: at(-72.5).toISOString().slice(0, 10),
    airline: "Cathay Pacific",
    codeshares: ["QR 5809", "BA 4575", FOUND.codeshare],
    destination: "CGK",
    departure: at(-72.5).toISOString(),
    terminal: "T1",
    gate: "31",
    state: "gate closed",
  };
}

function flightOf({ index, minutes, at }) {
  const partners = Array.from(
    { length: CODESHARES[index % CODESHARES.length] },
    (_, number) => `${"QABKLNSVY"[number]}${index % 10} ${4_000 + index}`,
  );
  return {
    flight: `${AIRLINES[index % AIRLINES.length]} ${100 + index}`,
    date: at(minutes).slice(0, 10),
    codeshares: partners,
    terminal: index % 9 === 0 ? "T2" : "T1",
  };
}

/** A sixth is late, by up to two hours. */
function delayOf(index) {
  return index % 6 === 1 ? 15 + (index % 8) * 15 : 0;
}

function departure(slot) {
  const { index, minutes, at } = slot;
  return {
    ...flightOf(slot),
    destination: PLACES[index % PLACES.length],
    departure: at(minutes),
    checkIn: "ABCDEFGHJK"[index % 10],
    gate: String(1 + ((index * 7) % 80)),
    ...departureState(slot, minutes + delayOf(index)),
  };
}

function departureState({ index, minutes, at }, expected) {
  const estimated = expected > minutes ? { estimated: at(expected) } : {};
  if (index % 53 === 7) return { state: "cancelled" };
  if (expected < -20) return { state: "departed", actual: at(expected + 8) };
  if (expected < 10) return { state: "gate closed", ...estimated };
  if (expected < 20) return { state: "final call", ...estimated };
  if (expected < 30) return { state: "boarding", ...estimated };
  return { state: expected < 50 ? "gate open" : "", ...estimated };
}

function arrival(slot) {
  const { index, minutes, at } = slot;
  return {
    ...flightOf(slot),
    origin: PLACES[(index + 5) % PLACES.length],
    arrival: at(minutes),
    belt: String(1 + (index % 16)),
    ...arrivalState(slot, minutes + delayOf(index)),
  };
}

function arrivalState({ index, at }, expected) {
  if (index % 97 === 11) return { state: "cancelled" };
  if (expected < -15) return { state: "at gate", actual: at(expected - 5) };
  if (expected < 0) return { state: "landed", actual: at(expected - 2) };
  return { state: expected < 120 ? "expected" : "", estimated: at(expected) };
}
