//! Why bytes were not understood.

use std::fmt;

/// A field that could not be accepted, and why. Shown to publishers word for word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct ParseError {
    /// The field's name as the publisher wrote it, or the name of what is missing.
    pub field: String,
    /// A clause that reads on from the field's name: "must be a string, not a number".
    pub reason: String,
}

impl ParseError {
    /// An error on `field` for `reason`.
    pub fn new(field: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { field: field.to_string(), reason: reason.to_string() }
    }
}

/// The JSON type of a value, with its article, for messages.
pub(crate) fn type_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}
