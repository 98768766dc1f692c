//! Counters for `/metrics`.

use std::sync::Mutex;

use feeds::AnswerOutcome;
use jiff::Timestamp;

/// The counters of a feed, which it shares with `/metrics`.
#[derive(Debug, Default)]
pub struct FeedCounters(Mutex<FeedCounts>);

/// The counters at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Polls whose answers were full.
    pub full_answers: u64,
    /// Polls whose answers were partial.
    pub partial_answers: u64,
    /// Polls that brought nothing new.
    pub unchanged_answers: u64,
    /// Polls that failed.
    pub failed_answers: u64,
    /// Changes of the boards.
    pub changes: u64,
    /// Changes that the boards rejected.
    pub rejected_changes: u64,
    /// Rows that could not be read.
    pub refused_rows: u64,
    /// Words of the source without a known meaning.
    pub unknown_words: u64,
    /// The time of the last successful answer.
    pub last_answer: Option<Timestamp>,
    /// Requests left in this month, if they are limited.
    pub budget_left: Option<u32>,
}

impl FeedCounters {
    /// The counters now.
    pub fn counts(&self) -> FeedCounts {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut FeedCounts)) {
        change(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl FeedCounts {
    pub(crate) fn count_answer(&mut self, outcome: &AnswerOutcome) {
        let answer = match outcome {
            AnswerOutcome::Full { answer, .. } => {
                self.full_answers += 1;
                answer
            }
            AnswerOutcome::Partial { answer, .. } => {
                self.partial_answers += 1;
                answer
            }
            AnswerOutcome::Unchanged => {
                self.unchanged_answers += 1;
                return;
            }
            AnswerOutcome::Failed { .. } => {
                self.failed_answers += 1;
                return;
            }
        };
        self.refused_rows += answer.refused.len() as u64;
        self.unknown_words += answer.unknown_words.len() as u64;
    }
}
