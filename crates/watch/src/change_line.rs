//! A change as a line of text or JSON.

use flightboard_client::RowChange;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::board_clock::BoardClock;
use crate::printable::printable;

/// `12:03:22 BA117 2026-11-22 gate B4 → B7, state boarding`, with the time of the board's clock.
pub(crate) fn change_text(change: &RowChange, clock: &BoardClock, now: Timestamp) -> String {
    let time = now.to_zoned(clock.time_zone()).strftime("%H:%M:%S").to_string();
    let key = printable(&change.key.to_string());
    let news = match (&change.before, &change.after) {
        (None, _) => "added".to_owned(),
        (_, None) => "removed".to_owned(),
        _ => {
            let fields = change.fields().into_iter().map(|field| {
                let name = printable(field.name);
                match (field.before, field.after) {
                    (None, Some(after)) => format!("{name} {}", value_text(after)),
                    (_, None) => format!("no {name}"),
                    (Some(before), Some(after)) => {
                        format!("{name} {} → {}", value_text(before), value_text(after))
                    }
                }
            });
            fields.collect::<Vec<_>>().join(", ")
        }
    };
    format!("{time} {key} {news}")
}

/// The same as JSON: `{"at":"…Z","change":"changed","flight":{…},"fields":{"gate":{"from":"B4","to":"B7"}},"row":{…}}`.
/// `row` is absent if the row was removed.
pub(crate) fn change_json(change: &RowChange, now: Timestamp) -> Value {
    let kind = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let fields = change.fields().into_iter().map(|field| {
        let mut values = Map::new();
        for (name, value) in [("from", field.before), ("to", field.after)] {
            if let Some(value) = value {
                values.insert(name.to_owned(), value.clone());
            }
        }
        (field.name.to_owned(), Value::Object(values))
    });
    let fields: Map<_, _> = fields.collect();
    let mut key = json!({"flight": change.key.flight});
    for (name, part) in [("date", &change.key.date), ("leg", &change.key.leg)] {
        if let Some(part) = part {
            key[name] = json!(part);
        }
    }
    let at = Timestamp::from_second(now.as_second()).unwrap_or(now).to_string();
    let mut line = json!({"at": at, "change": kind, "flight": key, "fields": fields});
    if let Some(row) = &change.after {
        line["row"] = json!(row.fields());
    }
    line
}

/// A text without quotation marks, a list with commas.
fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(values) => values.iter().map(value_text).collect::<Vec<_>>().join(" "),
        other => printable(&other.to_string()),
    }
}
