//! Search over numbers, codeshares, places and airlines, without regard to spaces and letter case.

use flightboard_client::BoardRow;
use serde_json::Value;

use crate::row_view::{CellKind, ShownRow};

/// The cells in which the search looks.
const SEARCHED: [CellKind; 5] =
    [CellKind::Flight, CellKind::Codeshares, CellKind::Place, CellKind::Via, CellKind::Airline];

/// The rows that have the query in one cell; if there are none, those that have each of its words.
pub(crate) fn find_rows(rows: Vec<ShownRow>, query: &str) -> Vec<ShownRow> {
    let whole = fold(query);
    if whole.is_empty() {
        return rows;
    }
    let (found, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| has(row, &whole));
    if !found.is_empty() {
        return found;
    }
    let words: Vec<_> =
        query.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
    others.into_iter().filter(|row| words.iter().all(|word| has(row, word))).collect()
}

/// Returns true if a number means this flight, or one that is sold as it.
pub(crate) fn is_number_of(number: &str, row: &BoardRow) -> bool {
    let codeshares = row.fields().get("codeshares").and_then(Value::as_array);
    let codeshares = codeshares.into_iter().flatten().filter_map(Value::as_str);
    let mut numbers = codeshares.chain([row.key().flight.as_str()]);
    numbers.any(|one| fold(one) == fold(number))
}

fn has(row: &ShownRow, folded: &str) -> bool {
    SEARCHED.iter().any(|kind| fold(row.cell(*kind)).contains(folded))
}

fn fold(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
