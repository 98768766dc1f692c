//! Parse errors: a field and a reason.

use std::fmt;

/// A field that was not accepted, and the reason. The API shows both to publishers as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct ParseError {
    /// Name of the field: as the publisher wrote it, or of the missing one.
    pub field: String,
    /// A clause that continues the field's name: "must be a string, not a number".
    pub reason: String,
}

impl ParseError {
    /// The error "`field` `reason`".
    pub fn new(field: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { field: field.to_string(), reason: reason.to_string() }
    }
}

/// The JSON type of a value, with an article, for messages.
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
