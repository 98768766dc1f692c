//! One answer explained: its rows, and why others were refused.

use std::fmt;

use flight::Flight;
use jiff::Timestamp;

use crate::decode::AnswerFormat;
use crate::options::MapOptions;
use crate::outputs::{Coverage, MappedRows, RefusedOutput};
use crate::source::run;
use crate::worker_process::MapWorker;

/// Most rows, and most refused rows, that the text of a failed answer lists.
const MAX_LINES_OF_FAILED: usize = 10;

/// What a program makes of one answer. Its text has a line for each row and each refused row.
#[derive(Debug)]
pub struct Explanation {
    /// The format in which the answer was read.
    pub format: Option<AnswerFormat>,
    /// The rows, as the board would get them.
    pub rows: Vec<Flight>,
    /// The outputs that are not rows.
    pub refused: Vec<RefusedOutput>,
    /// Why the answer counts as failed.
    pub failure: Option<String>,
    coverage: Option<Coverage>,
    /// The name of the field with the scheduled time.
    scheduled_field: &'static str,
    zone: jiff::tz::TimeZone,
}

/// Runs the program of `options` on one answer.
pub fn explain(
    options: &MapOptions,
    worker: &MapWorker,
    body: &str,
    asked_at: Timestamp,
) -> Explanation {
    let output = run(options, worker, Some(body), asked_at);
    let (mapped, failure) = match MappedRows::read(&output.values, options.kind, &options.zone) {
        Ok(mapped) => (mapped, output.failure),
        Err(reason) => (MappedRows::default(), output.failure.or(Some(reason))),
    };
    let no_row = || format!("{} found no row in the answer", options.program.name);
    let failure = failure.or_else(|| mapped.rows.is_empty().then(no_row));
    Explanation {
        format: output.format,
        coverage: mapped.coverage(),
        rows: mapped.rows.into_iter().map(|row| row.flight).collect(),
        refused: mapped.refused,
        failure,
        scheduled_field: options.kind.scheduled_field().name(),
        zone: options.zone.clone(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = if self.failure.is_some() { MAX_LINES_OF_FAILED } else { usize::MAX };
        for row in self.rows.iter().take(limit) {
            // Not by way of a map: whether that keeps the order depends on the features of other crates.
            writeln!(f, "{}", serde_json::to_string(row).map_err(|_| fmt::Error)?)?;
        }
        for refused in self.refused.iter().take(limit) {
            writeln!(f, "refused: {refused}")?;
        }
        if let Some(failure) = &self.failure {
            return writeln!(f, "failed: {failure}");
        }
        let format = self.format.map_or("", AnswerFormat::name);
        let (rows, refused) = (self.rows.len(), self.refused.len());
        write!(f, "read as {format}: {rows} rows, {refused} refused; ")?;
        let local =
            |time: Timestamp| time.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M%:z");
        match &self.coverage {
            Some(Coverage::Span(span)) => {
                writeln!(f, "covers {} to {}", local(span.start), local(span.end))
            }
            Some(Coverage::Partial) => writeln!(f, "partial"),
            None => writeln!(f, "covers no time: no row has {} with a day", self.scheduled_field),
        }
    }
}
