//! The report on the source that a board's followers see.

use std::time::Duration;

use feeds::{AnswerOutcome, SourceCredit};
use flight::{BoardSource, Change, ParseError, SourceStatus};
use jiff::Timestamp;
use serde_json::{Value, json};

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

/// Checks the words of a source. The journal could not be read again with a report that breaks the rules.
pub(crate) fn check_credit(credit: &SourceCredit) -> Result<(), ParseError> {
    let fields = json!({
        "name": credit.title,
        "attribution": credit.attribution,
        "link": credit.link,
        "status": SourceStatus::Current,
    });
    let Value::Object(fields) = fields else { return Ok(()) };
    BoardSource::try_from(fields).map(drop)
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
            reason: failure.or(reason).map(one_line),
            late_after_secs: self.interval.map(|interval| {
                let seconds = (interval * LATE_INTERVALS).as_secs_f64().ceil() as u64;
                seconds.clamp(MIN_LATE_AFTER_SECS, MAX_LATE_AFTER_SECS)
            }),
        })))
    }
}

/// The text without control characters, cut to the longest reason. Parts of it may be a server's.
fn one_line(text: &str) -> String {
    let printable = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
    printable.take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use feeds::SourceAnswer;

    use super::*;

    const ANSWERED_AT: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn credit() -> SourceCredit {
        SourceCredit {
            title: "Test".to_owned(),
            attribution: "Data from the test".to_owned(),
            link: None,
        }
    }

    /// The report, as a journal would read it again.
    fn report(outcome: &AnswerOutcome, interval: Duration, has_changes: bool) -> BoardSource {
        let report =
            SourceReport { credit: credit(), interval: Some(interval), answered_at: ANSWERED_AT };
        let earlier = Some(Timestamp::UNIX_EPOCH);
        let contents =
            BoardContents { last_answer: earlier, last_change: earlier, ..Default::default() };
        match report.to_change(outcome, None, &contents, has_changes) {
            Change::PutSource(Some(source)) => {
                let read_again = serde_json::from_value(json!(source)).unwrap();
                assert_eq!(*source, read_again);
                read_again
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failure_keeps_the_last_answer() {
        let long_reason = "line 1\r\n".to_owned() + &"x".repeat(MAX_REASON_CHARS);
        let source = report(&AnswerOutcome::failed(long_reason), Duration::from_secs(60), false);
        assert_eq!(source.status, SourceStatus::Failing);
        assert_eq!(source.last_answer, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(source.last_change, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(source.reason, Some("line 1  ".to_owned() + &"x".repeat(MAX_REASON_CHARS - 8)));
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

    #[test]
    fn unusable_words_are_refused() {
        assert_eq!(check_credit(&credit()), Ok(()));
        let long = "x".repeat(300);
        for (credit, field) in [
            (SourceCredit { title: long.clone(), ..credit() }, "name"),
            (SourceCredit { attribution: "two\nlines".to_owned(), ..credit() }, "attribution"),
            (SourceCredit { link: Some("javascript:alert(1)".to_owned()), ..credit() }, "link"),
        ] {
            assert_eq!(check_credit(&credit).unwrap_err().field, field);
        }
    }
}
