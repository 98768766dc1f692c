//! The report on the source that a board's followers see.

use std::time::Duration;

use feeds::{AnswerOutcome, SourceCredit};
use flight::{BoardSource, Change, SourceStatus};
use jiff::Timestamp;

use crate::target::BoardContents;

/// The number of intervals without an answer after which a source is late.
const LATE_INTERVALS: u32 = 3;

/// Bounds of the time after which a source is late.
const MIN_LATE_AFTER_SECS: u64 = 1;
const MAX_LATE_AFTER_SECS: u64 = 7 * 24 * 60 * 60;

/// Longest reason.
const MAX_REASON_CHARS: usize = 200;

/// The parts of the report that do not depend on the answer.
#[derive(Debug, Clone)]
pub(crate) struct SourceReport {
    pub(crate) credit: SourceCredit,
    /// The time between two answers, if the source is polled.
    pub(crate) interval: Option<Duration>,
    /// The time of the answer, by the machine's clock.
    pub(crate) answered_at: Timestamp,
}

impl SourceReport {
    /// The report after an answer. `failure` is the reason if its rows could not be used.
    pub(crate) fn to_change(
        &self,
        outcome: &AnswerOutcome,
        failure: Option<&str>,
        contents: &BoardContents,
        has_changes: bool,
    ) -> Change {
        let (mut failure, mut reason) = (failure, None);
        match outcome {
            AnswerOutcome::Failed { reason } => failure = Some(reason),
            AnswerOutcome::Partial { reason: missing, .. } => reason = missing.as_deref(),
            AnswerOutcome::Full { .. } | AnswerOutcome::Unchanged => {}
        }
        let answered = failure.is_none().then_some(self.answered_at);
        let changed = answered.filter(|_| has_changes);
        Change::PutSource(Some(Box::new(BoardSource {
            name: self.credit.title.clone(),
            attribution: self.credit.attribution.clone(),
            link: self.credit.link.clone(),
            last_answer: answered.or(contents.last_answer),
            last_change: changed.or(contents.last_change),
            status: if failure.is_some() { SourceStatus::Failing } else { SourceStatus::Current },
            reason: failure.or(reason).map(|text| text.chars().take(MAX_REASON_CHARS).collect()),
            late_after_secs: self.interval.map(|interval| {
                let seconds = (interval * LATE_INTERVALS).as_secs_f64().ceil() as u64;
                seconds.clamp(MIN_LATE_AFTER_SECS, MAX_LATE_AFTER_SECS)
            }),
        })))
    }
}

#[cfg(test)]
mod tests {
    use feeds::SourceAnswer;

    use super::*;

    const ANSWERED_AT: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn report(outcome: &AnswerOutcome, interval: Duration, has_changes: bool) -> BoardSource {
        let credit = SourceCredit {
            title: "Test".to_owned(),
            attribution: "Data from the test".to_owned(),
            link: None,
        };
        let report = SourceReport { credit, interval: Some(interval), answered_at: ANSWERED_AT };
        let earlier = Some(Timestamp::UNIX_EPOCH);
        let contents =
            BoardContents { last_answer: earlier, last_change: earlier, ..Default::default() };
        match report.to_change(outcome, None, &contents, has_changes) {
            Change::PutSource(Some(source)) => *source,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failure_keeps_the_last_answer() {
        let long_reason = "x".repeat(MAX_REASON_CHARS + 1);
        let source = report(&AnswerOutcome::failed(long_reason), Duration::from_secs(60), false);
        assert_eq!(source.status, SourceStatus::Failing);
        assert_eq!(source.last_answer, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(source.last_change, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(source.reason, Some("x".repeat(MAX_REASON_CHARS)));
        assert_eq!(source.late_after_secs, Some(180));
    }

    #[test]
    fn partial_answer_is_current_with_reason() {
        let reason = Some("tomorrow is missing".to_owned());
        let outcome =
            AnswerOutcome::Partial { answer: SourceAnswer::default(), reason: reason.clone() };
        let source = report(&outcome, Duration::from_millis(10), true);
        assert_eq!((source.status, source.reason), (SourceStatus::Current, reason));
        assert_eq!(source.last_answer, Some(ANSWERED_AT));
        assert_eq!(source.last_change, Some(ANSWERED_AT));
        assert_eq!(source.late_after_secs, Some(MIN_LATE_AFTER_SECS));
        let source = report(&AnswerOutcome::Unchanged, Duration::from_secs(90 * 86_400), false);
        assert_eq!(source.last_change, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(source.late_after_secs, Some(MAX_LATE_AFTER_SECS));
    }
}
