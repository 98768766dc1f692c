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
