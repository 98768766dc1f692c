// A made-up day of departures with their outcomes. A new server knows nothing of the time before its start, so the day is
// ahead, in a zone where the morning has just begun.

const MINUTE = 60_000;
const FIRST_HOUR = 5;
const LAST_HOUR = 23;

const AIRLINES = ["Blue Sky Airways", "Northern Lights", "Gulf Stream", "خطوط النخيل الجوية"];

/** A zone without summer time whose clock shows an hour before `FIRST_HOUR`. */
export function morningZone(now = new Date()) {
  const ahead = (FIRST_HOUR - 1 - now.getUTCHours() + 36) % 24;
  const offset = ahead - 12;
  // The database's sign is against the usual one.
  return offset === 0 ? "Etc/GMT" : `Etc/GMT${offset > 0 ? "-" : "+"}${Math.abs(offset)}`;
}

/** Rows from `FIRST_HOUR` on, four an hour; those of the last three hours have no outcome yet. */
export function punctualDay(now = Date.now()) {
  const start = now - (now % (60 * MINUTE)) + 60 * MINUTE;
  const count = (LAST_HOUR - FIRST_HOUR) * 4;
  return Array.from({ length: count }, (_, index) => {
    const scheduled = start + index * 15 * MINUTE;
    const flight = { flight: `XX ${100 + index}`, destination: "OSL" };
    const departure = new Date(scheduled).toISOString();
    const airline = AIRLINES[index % AIRLINES.length];
    return { ...flight, departure, airline, ...outcome(index, scheduled, count) };
  });
}

function outcome(index, scheduled, count) {
  if (index >= count - 12) return { state: "scheduled" };
  if (index % 23 === 7) return { state: "cancelled" };
  // The delays grow to the evening, with some early flights in between.
  const delay = ((index * 7) % 19) - 4 + Math.floor((index / count) * 30) * (index % 3);
  return { state: "departed", actual: new Date(scheduled + delay * MINUTE).toISOString() };
}
