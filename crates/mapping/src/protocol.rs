//! The request to a worker, and its replies: JSON on its standard input and output.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::AnswerFormat;
use crate::options::{CsvOptions, MapProgram};

/// Longest reason that a failure repeats: jq's errors contain the value at fault.
const MAX_REASON_CHARS: usize = 300;

/// One run of a program.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MapRequest<'a> {
    pub(crate) program: MapProgram,
    /// The answer to read. Without one, the program is only compiled.
    #[serde(borrow)]
    pub(crate) body: Option<Cow<'a, str>>,
    pub(crate) format: Option<AnswerFormat>,
    pub(crate) csv: CsvOptions,
    /// The result of the filter `now`.
    pub(crate) now: Timestamp,
}

/// One line of a worker's output.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MapReply {
    /// One output of the program.
    Output(Value),
    /// The last line of a run that failed: one sentence.
    Failed(String),
    /// The last line of a run that ended, with the format in which the answer was read.
    Done(Option<AnswerFormat>),
}

/// Cuts a reason to [`MAX_REASON_CHARS`].
pub(crate) fn shortened(mut reason: String) -> String {
    if let Some((end, _)) = reason.char_indices().nth(MAX_REASON_CHARS) {
        reason.truncate(end);
        reason.push('…');
    }
    reason
}
