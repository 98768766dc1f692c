//! One row from one output.

use flight::{FieldType, Flight, FlightField, ParseError, is_bidi_control};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::time::row_time;

/// The fields of a row's key.
const KEY_FIELDS: [&str; 3] = ["flight", "date", "leg"];

/// Reads one output as a row. Values that are `null`, blank or empty count as absent, but their names must be known.
pub(crate) fn read_row(fields: &Map<String, Value>, zone: &TimeZone) -> Result<Flight, ParseError> {
    let mut row = Map::new();
    for (name, value) in fields {
        if let Some(value) = read_value(name, value, zone)? {
            row.insert(name.clone(), value);
        }
    }
    Flight::try_from(row)
}

fn read_value(name: &str, value: &Value, zone: &TimeZone) -> Result<Option<Value>, ParseError> {
    let field = FlightField::by_name(name).filter(|(field, _)| *field != FlightField::Held);
    let field_type = field.map(|(_, field_type)| field_type);
    if field_type.is_none() && !KEY_FIELDS.contains(&name) {
        return Err(ParseError::new(name, "is not a field of a row"));
    }
    let value = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => match field_type {
            Some(FieldType::Time) => row_time(name, text.trim(), zone)?.into(),
            _ => clean(name, text).into(),
        },
        Value::Array(items) => {
            let is_blank =
                |item: &Value| item.as_str().map_or(item.is_null(), |text| text.trim().is_empty());
            let items = items.iter().filter(|item| !is_blank(item));
            let clean_item = |item: &Value| {
                item.as_str().map_or_else(|| item.clone(), |text| clean(name, text).into())
            };
            items.map(clean_item).collect::<Vec<Value>>().into()
        }
        other => other.clone(),
    };
    let is_absent = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    Ok((!is_absent).then_some(value))
}

/// Text without blanks around it and marks of its direction; flight numbers also without blanks inside.
fn clean(name: &str, text: &str) -> String {
    let text = text.replace(is_bidi_control, "");
    match name {
        "flight" | "codeshares" => text.split_whitespace().collect(),
        _ => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(row: &Value) -> Result<Value, String> {
        let zone = TimeZone::get("Asia/Taipei").unwrap();
        let row = read_row(row.as_object().unwrap(), &zone);
        row.map(|row| json!(row)).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_values_are_dropped() {
        let row = json!({
            "flight": " CI 65", "date": "2026-07-09", "destination": "\u{200f}VIE ", "via": ["", " BKK", null],
            "codeshares": ["OS 9876"], "departure": "2026-07-09 23:10", "actual": null, "gate": " ",
            "belt": "", "checkIn": [], "state": "expected",
        });
        let expected = json!({
            "flight": "CI65", "date": "2026-07-09", "destination": "VIE", "via": ["BKK"],
            "codeshares": ["OS9876"], "departure": "2026-07-09T23:10:00+08:00", "state": "expected",
        });
        assert_eq!(read(&row).unwrap(), expected);
    }

    #[test]
    fn refused_rows_name_field_and_reason() {
        for (row, error) in [
            (json!({"flight": "CI65", "gat": "A7"}), "gat is not a field of a row"),
            (json!({"flight": "CI65", "held": ["gate"]}), "held is not a field of a row"),
            (json!({"flight": "CI65", "gat": null}), "gat is not a field of a row"),
            (
                json!({"flight": "CI65", "arrivalInstant": "x"}),
                "arrivalInstant is not a field of a row",
            ),
            (json!({"gate": "A7"}), "flight is missing"),
            (json!({"flight": "  "}), "flight is missing"),
            (json!({"flight": "CI65", "gate": 7}), "gate must be a string, not a number"),
            (
                json!({"flight": "CI65", "via": "BKK"}),
                "via must be an array of strings, not a string",
            ),
            (json!({"flight": "CI65", "via": [7]}), "via[0] must be a string, not a number"),
            (
                json!({"flight": "CI65", "date": "9 July"}),
                "date must be a calendar date such as 2026-11-22",
            ),
            (
                json!({"flight": "CI65", "arrival": 1783579800}),
                "arrival must be a string, not a number",
            ),
        ] {
            assert_eq!(read(&row).unwrap_err(), error, "{row}");
        }
        let error = read(&json!({"flight": "CI65", "arrival": "23:10 tomorrow"})).unwrap_err();
        assert!(
            error.starts_with("arrival must be a time such as")
                && error.ends_with("not \"23:10 tomorrow\""),
            "{error}"
        );
    }
}
