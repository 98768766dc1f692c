//! Log lines about answers, each once.

use std::collections::HashSet;

use feeds::AnswerOutcome;

/// Most refused rows and unknown words that are logged.
const MAX_LOGGED_NOTES: usize = 200;

/// Logs failures when their reason changes, and refused rows and unknown words when they are seen first.
#[derive(Debug)]
pub(crate) struct OutcomeLog {
    /// The feed, in each line.
    feed: String,
    failure: Option<String>,
    notes: HashSet<String>,
}

impl OutcomeLog {
    pub(crate) fn new(feed: String) -> Self {
        Self { feed, failure: None, notes: HashSet::new() }
    }

    pub(crate) fn record(&mut self, outcome: &AnswerOutcome) {
        match outcome {
            AnswerOutcome::Failed { reason } => self.record_failure(Some(reason)),
            AnswerOutcome::Partial { reason, .. } => self.record_failure(reason.as_deref()),
            AnswerOutcome::Full { .. } | AnswerOutcome::Unchanged => self.record_failure(None),
        }
        let (AnswerOutcome::Full { answer, .. } | AnswerOutcome::Partial { answer, .. }) = outcome
        else {
            return;
        };
        for word in &answer.unknown_words {
            self.note(format!("unknown word {word:?}"));
        }
        for refused in &answer.refused {
            let (row, field, reason) = (&refused.row, &refused.field, &refused.reason);
            self.note(format!("row {row:?} refused: {field} {reason}"));
        }
    }

    pub(crate) fn record_failure(&mut self, reason: Option<&str>) {
        if self.failure.as_deref() == reason {
            return;
        }
        match reason {
            Some(reason) => tracing::warn!("{}: {reason}", self.feed),
            None => tracing::info!("{}: answers again", self.feed),
        }
        self.failure = reason.map(str::to_owned);
    }

    pub(crate) fn note(&mut self, note: String) {
        if self.notes.len() < MAX_LOGGED_NOTES && self.notes.insert(note.clone()) {
            tracing::warn!("{}: {note}", self.feed);
        }
    }
}
