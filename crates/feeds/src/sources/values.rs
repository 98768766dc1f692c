//! Values that several sources write alike.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::answer::RefusedRow;
use crate::row_builder::without_blanks;

/// The time of a field that a row must have.
pub(crate) fn required_time(row: &str, field: &str, text: &str) -> Result<Timestamp, RefusedRow> {
    text.parse().map_err(|_| RefusedRow {
        row: without_blanks(row),
        field: field.to_owned(),
        reason: format!("must be a time with an offset, not {text:?}"),
    })
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
