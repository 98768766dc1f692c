//! Values that several sources write alike.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::answer::RefusedRow;
use crate::row_builder::without_blanks;

/// The age of answers that a cache on the way may return.
const MAX_CACHE_AGE: SignedDuration = SignedDuration::from_hours(1);

/// The time of a field that a row must have.
pub(crate) fn required_time(row: &str, field: &str, text: &str) -> Result<Timestamp, RefusedRow> {
    text.parse().map_err(|_| RefusedRow {
        row: without_blanks(row),
        field: field.to_owned(),
        reason: format!("must be a time with an offset, not {text:?}"),
    })
}

/// Returns whether an answer of the time `at` is from before the newest one. One from much earlier is not:
/// the newest one had a wrong time, which must not keep out all later answers.
pub(crate) fn is_overtaken(at: Timestamp, newest: Option<Timestamp>) -> bool {
    newest.is_some_and(|newest| at < newest && newest.duration_since(at) < MAX_CACHE_AGE)
}

/// The date at this time on the clocks of `zone`.
pub(crate) fn local_date(time: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(time).date()
}

/// The name of an airline by its code, or the code if the table lacks it.
pub(crate) fn airline_name(code: &str) -> &str {
    codes::airline(code).map_or(code, |airline| &airline.name)
}

/// The name of the airline in a flight number: two characters if a digit follows (`D85332`, `5O0711`),
/// else a code of ICAO (`LAV5245`). Its code if the tables lack it.
pub(crate) fn airline_of_number(number: &str) -> &str {
    let is_iata = number.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
    airline_name(number.get(..if is_iata { 2 } else { 3 }).unwrap_or_default())
}
