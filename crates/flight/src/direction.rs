//! Characters that change the direction of text, which publishers may not use: with them a row reads
//! differently from what it says (Unicode Technical Report 36, section 2.3).
//!
//! Records of earlier versions may have them, so only what publishers send is checked.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::ParseError;

/// The fields of an object in a record or a checkpoint, which an earlier version may have accepted.
#[derive(Deserialize)]
pub(crate) struct RecordedFields(pub(crate) Map<String, Value>);

/// Returns whether the character has the Unicode property `Bidi_Control`.
pub fn is_bidi_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Checks the texts of an object that a publisher sends.
pub(crate) fn check_direction(fields: &Map<String, Value>) -> Result<(), ParseError> {
    fields.iter().try_for_each(|(name, value)| check_value(name, value))
}

fn check_value(name: &str, value: &Value) -> Result<(), ParseError> {
    match value {
        Value::String(text) if text.contains(is_bidi_control) => {
            Err(ParseError::new(name, "must not contain bidirectional control characters"))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check_value(&format!("{name}[{index}]"), item)),
        _ => Ok(()),
    }
}
