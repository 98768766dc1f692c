//! The rows of a board as data in its page. The page's script shows them without a request of its own, and the stream
//! continues after their last event.

use std::collections::BTreeMap;

use flight::{BoardKind, FlightField, Timetable};
use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

use super::row_texts::text;

/// Most bytes of rows in a page, some 2,500 rows. The script requests those of a larger board.
pub(crate) const MAX_FIRST_ROWS_BYTES: usize = 512 << 10;

/// The elements with the rows and the names of their places. `rows_json` is the answer to `GET /boards/{board}/flights`
/// as of `now`.
pub(super) fn first_rows(timetable: &Timetable, rows_json: &[u8], now: Timestamp) -> Markup {
    let places = serde_json::to_vec(&place_names(timetable)).unwrap_or_default();
    html! {
        script #first-rows type="application/json" data-at=(now) { (script_text(rows_json)) }
        script #first-places type="application/json" { (script_text(&places)) }
    }
}

/// JSON has `<` only in strings. There it must not end the element (HTML, 13.1.2.1).
fn script_text(json: &[u8]) -> PreEscaped<String> {
    PreEscaped(String::from_utf8_lossy(json).replace('<', r"\u003c"))
}

/// The names of those codes on the board that have one.
fn place_names(timetable: &Timetable) -> BTreeMap<String, &'static str> {
    let settings = timetable.settings();
    let field = match settings.kind {
        BoardKind::Arrivals => FlightField::Origin,
        BoardKind::Departures => FlightField::Destination,
    };
    let rows = timetable.rows();
    let places = rows.iter().map(|row| text(row, field)).chain(settings.airport.as_deref());
    places.filter_map(|code| Some((code.to_owned(), codes::place_name(code)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_end_the_element() {
        let text = script_text(br#"{"remark":"</script><b>"}"#).0;
        assert_eq!(text, r#"{"remark":"\u003c/script>\u003cb>"}"#);
    }
}
