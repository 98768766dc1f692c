//! Polls a source at its interval, and publishes the changes to boards.
//!
//! A [`PolledFeed`] asks a [`Source`](feeds::Source) for its requests, fetches the answers, compares what they say with
//! the rows of the boards, and publishes the difference to a [`FeedTarget`]. The boards are its memory: it
//! reads them before each comparison, so it announces nothing twice after a failure or a restart.
//!
//! It does not know where the boards are: in the same process, or behind the HTTP API.

/// The address that replaces a source's own.
mod source_url;

/// A source's key.
mod api_key;

/// The clock by which a feed reads answers.
mod clock;

/// A month's requests, spread over the month.
mod budget;

/// The options of a feed, and their limits.
mod options;

/// The boards to which a feed publishes.
mod target;

/// The right to poll, which one of several replicas has.
mod lease;

/// The time of the next poll.
mod schedule;

/// The header `Retry-After`.
mod retry_after;

/// The certificates by which sources are recognised.
mod tls;

/// Fetches the answers of a poll over HTTP.
mod fetcher;

/// A file as a source of answers.
mod source_file;

/// The place from which the answers of a poll come.
mod answer_input;

/// Calls a source, whose panics count as failed answers.
mod source_reader;

/// Log lines about answers, each once.
mod outcome_log;

/// The report on the source that a board's followers see.
mod source_report;

/// One board of a feed.
mod feed_board;

/// The loop of a feed: fetch, read, publish, wait.
mod polled_feed;

/// Counters for `/metrics`.
mod counters;

/// The text of an answer in any character set.
mod charset;

pub use answer_input::fetch_once;
pub use api_key::{ApiKey, ApiKeyError};
pub use budget::{BudgetError, MonthlyBudget};
pub use charset::Charset;
pub use counters::{FeedCounters, FeedCounts};
pub use feed_board::MAX_BATCH_CHANGES;
pub use options::{FeedInput, FeedOptionError, FeedOptions, PushedAnswer};
pub use polled_feed::{FeedError, PolledFeed};
pub use source_url::SourceUrl;
pub use target::{BoardContents, FeedTarget, PublishReport, TargetError};
