//! Counters and gauges of feeds, for `/metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use flight::{BoardName, BoardSource, SourceStatus};
use jiff::Timestamp;
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The counts of a feed since the start of the program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedFigures {
    /// Polls whose answers were full.
    pub full_answers: u64,
    /// Polls whose answers were partial.
    pub partial_answers: u64,
    /// Polls that brought nothing new.
    pub unchanged_answers: u64,
    /// Polls that failed.
    pub failed_answers: u64,
    /// Changes of boards.
    pub changes: u64,
    /// Changes that boards rejected.
    pub rejected_changes: u64,
    /// Rows that could not be read.
    pub refused_rows: u64,
    /// Words of the source without a known meaning.
    pub unknown_words: u64,
    /// Requests left in this month, if they are limited.
    pub budget_left: Option<u64>,
}

/// Reads the figures of a feed at the time of a scrape.
type ReadFigures = Box<dyn Fn() -> FeedFigures + Send + Sync>;

/// The metrics of all feeds and of the sources of boards.
#[derive(Default)]
pub(crate) struct FeedFamilies {
    feeds: Mutex<BTreeMap<String, ReadFigures>>,
    answers: Family<AnswerLabels, Counter>,
    changes: Family<FeedLabel, Counter>,
    rejected_changes: Family<FeedLabel, Counter>,
    refused_rows: Family<FeedLabel, Counter>,
    unknown_words: Family<FeedLabel, Counter>,
    budget_left: Family<FeedLabel, Gauge>,
    source_age_seconds: Family<SourceLabel, Gauge>,
    source_status: Family<StatusLabels, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedLabel {
    feed: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    feed: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    board: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    board: String,
    status: &'static str,
}

impl FeedFamilies {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("feed_answers", "Polls of a feed, by outcome", self.answers.clone());
        registry.register("feed_changes", "Changes that a feed made", self.changes.clone());
        registry.register(
            "feed_rejected_changes",
            "Changes of a feed that boards rejected",
            self.rejected_changes.clone(),
        );
        registry.register(
            "feed_refused_rows",
            "Rows of a feed that could not be read",
            self.refused_rows.clone(),
        );
        registry.register(
            "feed_unknown_words",
            "Words of a feed without a known meaning",
            self.unknown_words.clone(),
        );
        registry.register(
            "feed_budget_left",
            "Requests that a feed may still send this month",
            self.budget_left.clone(),
        );
        registry.register_with_unit(
            "source_age",
            "Time since the last answer of a board's source",
            Unit::Seconds,
            self.source_age_seconds.clone(),
        );
        registry.register(
            "source_status",
            "1 for the status of a board's source",
            self.source_status.clone(),
        );
    }

    /// Reports the figures that `read` returns.
    pub(crate) fn watch(&self, feed: &str, read: ReadFigures) {
        self.feeds.lock().insert(feed.to_owned(), read);
    }

    /// Sets the counters to the figures of all feeds.
    pub(crate) fn read_figures(&self) {
        for (feed, read) in self.feeds.lock().iter() {
            let figures = read();
            let label = FeedLabel { feed: feed.clone() };
            for (outcome, count) in [
                ("full", figures.full_answers),
                ("partial", figures.partial_answers),
                ("unchanged", figures.unchanged_answers),
                ("failed", figures.failed_answers),
            ] {
                let labels = AnswerLabels { feed: feed.clone(), outcome };
                set_counter(&self.answers.get_or_create(&labels), count);
            }
            set_counter(&self.changes.get_or_create(&label), figures.changes);
            set_counter(&self.rejected_changes.get_or_create(&label), figures.rejected_changes);
            set_counter(&self.refused_rows.get_or_create(&label), figures.refused_rows);
            set_counter(&self.unknown_words.get_or_create(&label), figures.unknown_words);
            if let Some(left) = figures.budget_left {
                let left = i64::try_from(left).unwrap_or(i64::MAX);
                self.budget_left.get_or_create(&label).set(left);
            }
        }
    }

    /// Sets the gauges of the boards that have a source.
    pub(crate) fn set_sources(&self, sources: Vec<(BoardName, BoardSource)>) {
        // A board without a source must not keep its last value.
        self.source_age_seconds.clear();
        self.source_status.clear();
        for (board, source) in sources {
            let board = board.to_string();
            if let Some(answered) = source.last_answer {
                let age = Timestamp::now().duration_since(answered).as_secs();
                self.source_age_seconds
                    .get_or_create(&SourceLabel { board: board.clone() })
                    .set(age);
            }
            for status in SourceStatus::ALL {
                let labels = StatusLabels { board: board.clone(), status: status.name() };
                self.source_status.get_or_create(&labels).set(i64::from(status == source.status));
            }
        }
    }
}

/// Another part of the program counts.
fn set_counter(counter: &Counter, value: u64) {
    counter.inner().store(value, Ordering::Relaxed);
}
