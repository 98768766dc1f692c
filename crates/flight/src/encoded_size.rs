//! The most bytes that rows take in a checkpoint, counted without encoding them. The fold counts them for every
//! change, so that the state always fits into a checkpoint.

use crate::field::{FieldValue, FlightField};
use crate::row::{Flight, FlightPatch};

/// Bytes of a row without its fields, the number and the leg: names, date, versions and times, all of them.
const ROW_BYTES: usize = 264;

/// Bytes of the day of a local time.
const LOCAL_DAY_BYTES: usize = 84;

/// Characters of `HH:MM`.
const LOCAL_TIME_CHARS: usize = 5;

/// Bytes of a removed row that is remembered.
pub(crate) const REMOVED_ROW_BYTES: usize = 160;

/// The most bytes that a row takes with its history.
pub(crate) fn row_bytes(flight: &Flight) -> usize {
    let fields = flight.values().iter().map(|(field, value)| field_bytes(*field, value));
    let key = flight.key();
    ROW_BYTES + key.flight().len() + key.leg().map_or(0, str::len) + fields.sum::<usize>()
}

/// The most bytes by which a patch makes a row larger.
pub(crate) fn growth(flight: &Flight, patch: &FlightPatch) -> usize {
    let bytes = |field: FlightField, value: Option<&FieldValue>| {
        value.map_or(0, |value| field_bytes(field, value))
    };
    let (mut new, mut old) = (0, 0);
    for (field, value) in patch.changes() {
        new += bytes(*field, value.as_ref());
        old += bytes(*field, flight.value(*field));
    }
    new.saturating_sub(old)
}

fn field_bytes(field: FlightField, value: &FieldValue) -> usize {
    // Quotation marks, a colon and a comma.
    let name = field.name().len() + 4;
    match value {
        FieldValue::Text(text) => {
            let is_local = field.instant_name().is_some() && text.len() == LOCAL_TIME_CHARS;
            name + text_bytes(text) + if is_local { LOCAL_DAY_BYTES } else { 0 }
        }
        FieldValue::List(items) => {
            name + 2 + items.iter().map(|item| text_bytes(item) + 1).sum::<usize>()
        }
    }
}

/// The bytes of a JSON string. Texts have no control characters, so only two characters are escaped.
fn text_bytes(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    text.len() + escaped + 2
}
