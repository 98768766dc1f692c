// The rows of a made-up airport around the present time.

const MINUTE = 60_000;

const PLACES = ["LHR", "SIN", "JFK", "NRT", "MAD", "OSL", "CAI", "GRU", "VIE", "LIS", "HEL", "DEL"];

/** Name and code of made-up airlines, with the codes of those that sell the same seats. */
const AIRLINES = [
  { name: "Blue Sky Airways", code: "BX", partners: ["BA 45"] },
  { name: "Northern Lights", code: "NL", partners: [] },
  { name: "Gulf Stream", code: "GF", partners: ["QS 61", "TK 90"] },
];

const USUAL_DAY = { rowsOfBoard: 90, minutesBetweenRows: 6 };

/** Rows of `departures` and `arrivals`, a third of them before now, some of them late, cancelled or called. */
export function airportRows(now = Date.now(), { rowsOfBoard, minutesBetweenRows } = USUAL_DAY) {
  const rowsBeforeNow = Math.floor(rowsOfBoard / 3);
  const rows = Array.from({ length: rowsOfBoard }, (_, index) => {
    const minutes = (index - rowsBeforeNow) * minutesBetweenRows;
    return { index, minutes, time: (more = 0) => timeAt(now, minutes + more) };
  });
  return { departures: rows.map(departure), arrivals: rows.map(arrival) };
}

function timeAt(now, minutes) {
  return new Date(Math.floor(now / MINUTE) * MINUTE + minutes * MINUTE).toISOString();
}

function flightOf({ index, time }) {
  const { name, code, partners } = AIRLINES[index % AIRLINES.length];
  return {
    flight: `${code} ${100 + index}`,
    date: time().slice(0, 10),
    airline: name,
    codeshares: partners.map((partner) => `${partner}${10 + index}`),
    terminal: index % 4 === 0 ? "2" : "1",
  };
}

function departure(row) {
  const { index, minutes, time } = row;
  return {
    ...flightOf(row),
    destination: PLACES[index % PLACES.length],
    departure: time(),
    checkIn: String(100 + (index % 12) * 10),
    gate: `B${1 + (index % 24)}`,
    ...departureState(index, minutes, time),
  };
}

function departureState(index, minutes, time) {
  if (index % 17 === 4) return { state: "cancelled" };
  if (minutes < -10) return { state: "departed", actual: time(3) };
  if (minutes < 6) return { state: "gate closed" };
  if (index % 7 === 3) return { state: "scheduled", estimated: time(35) };
  if (minutes < 18) return { state: "final call" };
  if (minutes < 42) return { state: "boarding" };
  return minutes < 60 ? { state: "gate open" } : { state: "scheduled" };
}

function arrival(row) {
  const { index, minutes, time } = row;
  return {
    ...flightOf(row),
    origin: PLACES[(index + 5) % PLACES.length],
    arrival: time(),
    belt: String(1 + (index % 8)),
    gate: `A${1 + (index % 24)}`,
    ...arrivalState(index, minutes, time),
  };
}

function arrivalState(index, minutes, time) {
  if (index % 19 === 6) return { state: "cancelled" };
  if (minutes < -24) return { state: "baggage", actual: time(-6) };
  if (minutes < 0) return { state: "landed", actual: time(-4) };
  if (index % 7 === 5) return { state: "expected", estimated: time(50) };
  if (index % 11 === 2) return { state: "diverted" };
  return minutes < 15 ? { state: "landing", estimated: time(-3) } : { state: "expected" };
}
