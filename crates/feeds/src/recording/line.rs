//! One line of a recording.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An update and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedLine {
    /// RFC 3339.
    pub time: String,
    /// The name of the event.
    pub event: String,
    /// The data of the event.
    pub data: Value,
}
