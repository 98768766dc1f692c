//! The source: requests, and the reading of answers.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use feeds::{
    AnswerOutcome, HttpAnswer, Source, SourceCredit, SourceKey, SourceRequest, SourceTerms,
};
use flight::{FIELDS, FlightField};
use jiff::Timestamp;

use crate::options::{MapError, MapOptions};
use crate::outputs::MappedRows;
use crate::protocol::MapRequest;
use crate::worker_process::{MapOutput, MapWorker};

/// The terms of a mapped source. The title and the attribution are in its options.
pub static MAP_TERMS: SourceTerms = SourceTerms {
    name: "map",
    title: "map",
    owner: "the owner of the data",
    key: SourceKey::None,
    least_interval: Duration::from_secs(60),
    monthly_requests: None,
    terms: "as its owner states",
    attribution: "as its owner asks",
    link: None,
    board_note: None,
};

/// Any field of a row, except the one by which people keep feeds from changing others.
static MAPPED_FIELDS: LazyLock<Vec<FlightField>> = LazyLock::new(|| {
    let fields = FIELDS.iter().map(|(field, ..)| *field);
    fields.filter(|field| *field != FlightField::Held).collect()
});

/// A source whose answers are read by a program of the user.
#[derive(Debug)]
pub struct MapSource {
    options: MapOptions,
    worker: MapWorker,
    /// True once an answer has had a row. Until then an answer without rows counts as failed, because the program
    /// may look in the wrong place.
    has_had_rows: bool,
}

impl MapSource {
    /// A source of these options, once its program compiles.
    ///
    /// # Errors
    /// The program does not compile, or the worker cannot be started.
    pub fn new(options: MapOptions, worker: MapWorker) -> Result<Self, MapError> {
        let compiled = run(&options, &worker, None, Timestamp::UNIX_EPOCH);
        match compiled.failure {
            Some(reason) => Err(MapError::Program(reason)),
            None => Ok(Self { options, worker, has_had_rows: false }),
        }
    }

    /// The settings.
    pub fn options(&self) -> &MapOptions {
        &self.options
    }

    fn read_body(&mut self, body: &str, asked_at: Timestamp) -> Result<AnswerOutcome, String> {
        let output = run(&self.options, &self.worker, Some(body), asked_at);
        if let Some(reason) = output.failure {
            return Err(reason);
        }
        let mapped = MappedRows::read(&output.values, self.options.kind, &self.options.zone)?;
        if mapped.rows.is_empty() && mapped.refused.is_empty() && !self.has_had_rows {
            return Err(format!("{} found no row in the answer", self.options.program.name));
        }
        if !mapped.rows.is_empty() {
            self.has_had_rows = true;
            self.options.format = output.format;
        }
        Ok(mapped.into_outcome(asked_at))
    }
}

impl Source for MapSource {
    fn terms(&self) -> &'static SourceTerms {
        &MAP_TERMS
    }

    fn credit(&self) -> SourceCredit {
        self.options.credit.clone()
    }

    fn fields(&self) -> &'static [FlightField] {
        &MAPPED_FIELDS
    }

    fn requests(&self, _now: Timestamp) -> Vec<SourceRequest> {
        vec![SourceRequest::get(self.options.url.clone())]
    }

    /// Blocks while the program runs, at most until its deadline.
    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        let outcome = match answers {
            [Ok(HttpAnswer { status: 200..300, body })] if !body.trim().is_empty() => {
                self.read_body(body, asked_at)
            }
            [Ok(HttpAnswer { status: 200..300, .. })] => Err("the answer is empty".to_owned()),
            [Ok(HttpAnswer { status, .. })] => Err(format!("the answer has the status {status}")),
            [Err(reason)] => Err(reason.clone()),
            _ => Err("there is not one answer".to_owned()),
        };
        outcome.unwrap_or_else(AnswerOutcome::failed)
    }
}

/// Runs the program on `body`, or only compiles it.
pub(crate) fn run(
    options: &MapOptions,
    worker: &MapWorker,
    body: Option<&str>,
    now: Timestamp,
) -> MapOutput {
    let request = MapRequest {
        program: options.program.clone(),
        body: body.map(Cow::Borrowed),
        format: options.format,
        csv: options.csv,
        now,
    };
    worker.run(&request, options.zone.iana_name())
}
