//! The fields of a row, as one table: name, type, limits.
//!
//! Journal records are parsed by the same rules that accepted them, so a rule may be widened but never
//! narrowed.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::error::{ParseError, type_of};
use crate::rfc3339::{self, two_digits};

/// All fields but the key (`flight`, `date` and `leg`), in the order in which rows are encoded.
pub const FIELDS: &[(FlightField, &str, FieldType)] = &[
    (FlightField::Origin, "origin", FieldType::Text { max_chars: 64 }),
    (FlightField::Destination, "destination", FieldType::Text { max_chars: 64 }),
    (FlightField::Via, "via", FieldType::List { max_items: 8, max_chars: 64 }),
    (FlightField::Airline, "airline", FieldType::Text { max_chars: 64 }),
    (FlightField::Codeshares, "codeshares", FieldType::List { max_items: 20, max_chars: 16 }),
    (FlightField::Aircraft, "aircraft", FieldType::Text { max_chars: 32 }),
    (FlightField::Arrival, "arrival", FieldType::Time),
    (FlightField::Departure, "departure", FieldType::Time),
    (FlightField::Estimated, "estimated", FieldType::Time),
    (FlightField::Actual, "actual", FieldType::Time),
    (FlightField::State, "state", FieldType::Text { max_chars: 40 }),
    (FlightField::Terminal, "terminal", FieldType::Text { max_chars: 32 }),
    (FlightField::Gate, "gate", FieldType::Text { max_chars: 32 }),
    (FlightField::Stand, "stand", FieldType::Text { max_chars: 32 }),
    (FlightField::Belt, "belt", FieldType::Text { max_chars: 32 }),
    (FlightField::CheckIn, "checkIn", FieldType::Text { max_chars: 32 }),
    (FlightField::Remark, "remark", FieldType::Text { max_chars: 200 }),
    (FlightField::Held, "held", FieldType::FieldNames),
];

/// In `held`, the name for the row as a whole.
pub(crate) const WHOLE_ROW: &str = "flight";

/// Longest name of a field.
const MAX_FIELD_NAME_CHARS: usize = 16;

/// The time fields, and the names under which followers are sent their instants.
pub const INSTANTS: &[(FlightField, &str)] = &[
    (FlightField::Arrival, "arrivalInstant"),
    (FlightField::Departure, "departureInstant"),
    (FlightField::Estimated, "estimatedInstant"),
    (FlightField::Actual, "actualInstant"),
];

/// A field of a row that is not part of its key. IATA and ACRIS define its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "FIELDS names each, docs/protocol.md describes it")]
pub enum FlightField {
    Origin,
    Destination,
    Via,
    Airline,
    Codeshares,
    Aircraft,
    Arrival,
    Departure,
    Estimated,
    Actual,
    State,
    Terminal,
    Gate,
    Stand,
    Belt,
    CheckIn,
    Remark,
    Held,
}

/// The type of a field, with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// One line of text.
    Text {
        /// Maximum number of characters (Unicode scalar values).
        max_chars: usize,
    },
    /// A list of lines of text.
    List {
        /// Maximum number of items.
        max_items: usize,
        /// Maximum number of characters per item.
        max_chars: usize,
    },
    /// A time: RFC 3339 with an offset (`2026-11-22T08:15:00+01:00`), or `HH:MM` in the board's time
    /// zone.
    Time,
    /// A list of names of other fields, or `flight` for the row as a whole.
    FieldNames,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Text as the publisher wrote it, or a time in its normal form.
    Text(String),
    /// A list. A patch replaces it as a whole.
    List(Vec<String>),
}

impl FlightField {
    /// The field with this name in JSON, and its type.
    pub fn by_name(name: &str) -> Option<(Self, FieldType)> {
        FIELDS.iter().find(|(_, known, _)| *known == name).map(|(field, _, kind)| (*field, *kind))
    }

    /// The field's name in JSON.
    pub fn name(self) -> &'static str {
        let (_, name, _) = FIELDS[self as usize];
        name
    }

    /// The name of its instant in JSON, if it is a time.
    pub(crate) fn instant_name(self) -> Option<&'static str> {
        INSTANTS.iter().find(|(field, _)| *field == self).map(|(_, name)| *name)
    }

    /// Returns whether JSON has an instant by this name.
    pub(crate) fn is_instant_name(name: &str) -> bool {
        INSTANTS.iter().any(|(_, known)| *known == name)
    }
}

impl FieldType {
    pub(crate) fn parse(
        self,
        name: &str,
        value: &serde_json::Value,
    ) -> Result<FieldValue, ParseError> {
        match self {
            Self::Text { max_chars } => text(name, value, max_chars).map(FieldValue::Text),
            Self::Time => {
                let text = string(name, value)?;
                RowTime::normal_form(text).map(FieldValue::Text).ok_or_else(|| {
                    ParseError::new(
                        name,
                        "must be a time: RFC 3339 with an offset such as \
                         2026-11-22T08:15:00+01:00, or HH:MM on the board's clock",
                    )
                })
            }
            Self::List { max_items, max_chars } => {
                list(name, value, max_items, max_chars).map(FieldValue::List)
            }
            Self::FieldNames => field_names(name, value).map(FieldValue::List),
        }
    }
}

/// As many names as there are other fields, and `flight`.
fn field_names(name: &str, value: &serde_json::Value) -> Result<Vec<String>, ParseError> {
    let names = list(name, value, FIELDS.len(), MAX_FIELD_NAME_CHARS)?;
    let is_known = |name: &String| {
        name == WHOLE_ROW
            || FlightField::by_name(name).is_some_and(|(field, _)| field != FlightField::Held)
    };
    match names.iter().position(|name| !is_known(name)) {
        Some(index) => {
            let reason = format!("must be the name of another field of a flight, or {WHOLE_ROW}");
            Err(ParseError::new(format!("{name}[{index}]"), reason))
        }
        None => Ok(names),
    }
}

fn list(
    name: &str,
    value: &serde_json::Value,
    max_items: usize,
    max_chars: usize,
) -> Result<Vec<String>, ParseError> {
    let items = value.as_array().ok_or_else(|| {
        ParseError::new(name, format!("must be an array of strings, not {}", type_of(value)))
    })?;
    if items.len() > max_items {
        return Err(ParseError::new(
            name,
            format!("must have at most {max_items} items, not {}", items.len()),
        ));
    }
    let items = items.iter().enumerate();
    items.map(|(index, item)| text(&format!("{name}[{index}]"), item, max_chars)).collect()
}

/// Parses one line of text of at most `max_chars` characters.
pub(crate) fn text(
    name: &str,
    value: &serde_json::Value,
    max_chars: usize,
) -> Result<String, ParseError> {
    let text = string(name, value)?;
    let chars = text.chars().count();
    if chars > max_chars {
        return Err(ParseError::new(
            name,
            format!("must be at most {max_chars} characters long, not {chars}"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ParseError::new(name, "must not contain control characters or line breaks"));
    }
    Ok(text.to_owned())
}

pub(crate) fn string<'a>(name: &str, value: &'a serde_json::Value) -> Result<&'a str, ParseError> {
    value
        .as_str()
        .ok_or_else(|| ParseError::new(name, format!("must be a string, not {}", type_of(value))))
}

/// Parses a calendar date, strictly `YYYY-MM-DD`.
pub(crate) fn date(name: &str, text: &str) -> Result<Date, ParseError> {
    let strict = text.len() == 10 && text.as_bytes()[4] == b'-';
    text.parse()
        .ok()
        .filter(|_| strict)
        .ok_or_else(|| ParseError::new(name, "must be a calendar date such as 2026-11-22"))
}

/// A time as written in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowTime {
    /// With an offset, so that it names an instant.
    Absolute(Timestamp),
    /// In the board's time zone, without a day.
    Local(Time),
}

impl RowTime {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [h1, h2, b':', m1, m2] => {
                let time = Time::new(two_digits(*h1, *h2)?, two_digits(*m1, *m2)?, 0, 0);
                time.ok().map(Self::Local)
            }
            _ => rfc3339::parse(text).map(|time| Self::Absolute(time.timestamp)),
        }
    }

    /// The text that a row contains for this time.
    fn normal_form(text: &str) -> Option<String> {
        match Self::parse(text)? {
            Self::Local(_) => Some(text.to_owned()),
            Self::Absolute(_) => rfc3339::parse(text).map(|time| time.normal_form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_order_matches_the_enum() {
        for (index, (field, name, _)) in FIELDS.iter().enumerate() {
            assert_eq!((*field as usize, field.name()), (index, *name));
        }
    }

    #[test]
    fn local_times_are_strict() {
        for valid in ["00:00", "23:59"] {
            assert!(matches!(RowTime::parse(valid), Some(RowTime::Local(_))), "{valid}");
        }
        for text in ["", "8:15", "24:00", "12:60", "+1:00", "ab:cd", "tomorrow"] {
            assert_eq!(RowTime::parse(text), None, "{text}");
        }
    }
}
