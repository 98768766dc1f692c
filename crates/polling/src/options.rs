//! The options of a feed, and their limits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use feeds::{AnswerOutcome, SourceKey, SourceTerms};
use flight::{BoardKind, BoardSettings};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::api_key::ApiKey;
use crate::budget::MonthlyBudget;
use crate::charset::Charset;
use crate::counters::FeedCounters;
use crate::source_url::SourceUrl;
use crate::target::TargetError;

/// The options of a feed.
#[derive(Debug, Default)]
pub struct FeedOptions {
    /// The boards to publish to, at most one of each kind. Rows of other kinds are ignored.
    pub boards: Vec<BoardSettings>,
    /// The place from which answers come.
    pub input: FeedInput,
    /// The address that replaces the source's own.
    pub source_url: Option<SourceUrl>,
    /// The interval between two polls, by default the source's least one.
    pub interval: Option<Duration>,
    /// The time at which the feed's clock starts, by default the machine's time.
    pub clock: Option<Timestamp>,
    /// The source's key. It is sent to the source's own host, or to a loopback address in its place.
    pub api_key: Option<ApiKey>,
    /// The character set of the answers, if they do not declare it.
    pub charset: Option<Charset>,
    /// The month's requests, shared by all feeds that use the same key.
    pub budget: Option<Arc<MonthlyBudget>>,
    /// Answers that the source pushes, which are applied between polls.
    pub pushed: Option<mpsc::Receiver<PushedAnswer>>,
    /// The feed's counters.
    pub counters: Arc<FeedCounters>,
}

/// The place from which answers come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FeedInput {
    /// The source's URLs.
    #[default]
    SourceUrls,
    /// A file, which is read again when it has changed.
    File(PathBuf),
    /// Standard input: a single answer, after which the feed ends.
    StandardInput,
    /// Only answers that the source pushes.
    PushOnly,
}

/// An answer that the source has pushed.
#[derive(Debug)]
pub struct PushedAnswer {
    /// The outcome of reading it.
    pub outcome: AnswerOutcome,
    /// Receives the result once the answer has been published.
    pub published: oneshot::Sender<Result<(), TargetError>>,
}

/// An option that the source does not allow.
#[derive(Debug, thiserror::Error)]
pub enum FeedOptionError {
    /// The interval is below the source's least one.
    #[error(
        "--interval must be at least {least:#} for {source_name}; only with a loopback address as \
         --source-url it may be shorter"
    )]
    IntervalTooShort {
        /// The source.
        source_name: &'static str,
        /// Its least interval.
        least: jiff::SignedDuration,
    },
    /// The interval is zero.
    #[error("--interval must not be 0")]
    ZeroInterval,
    /// A clock is given for a source that is not on this machine.
    #[error("--clock needs a loopback address as --source-url")]
    ClockWithoutLoopback,
    /// The source needs a key.
    #[error("{source_name} needs a key")]
    KeyMissing {
        /// The source.
        source_name: &'static str,
    },
    /// The source's requests are limited.
    #[error("{source_name} needs a file in which to count its requests")]
    BudgetMissing {
        /// The source.
        source_name: &'static str,
    },
    /// The HTTP client does not start.
    #[error("cannot prepare requests")]
    Client(#[source] reqwest::Error),
    /// TLS does not start.
    #[error("cannot prepare TLS")]
    Tls(#[source] rustls::Error),
    /// The words of the source do not fit on a board.
    #[error("the source's {0}")]
    Credit(#[from] flight::ParseError),
    /// There is no board to publish to.
    #[error("a feed needs a board")]
    NoBoard,
    /// Two boards have the same kind.
    #[error("a feed has at most one board for arrivals and one for departures")]
    SameKind,
}

impl FeedOptions {
    pub(crate) fn is_loopback(&self) -> bool {
        self.source_url.as_ref().is_some_and(SourceUrl::is_loopback)
    }

    /// Returns whether the requests go to a host that may see the key.
    pub(crate) fn sends_key(&self) -> bool {
        self.source_url.is_none() || self.is_loopback()
    }

    /// Checks the options, and returns the interval between two polls.
    pub(crate) fn check(&self, terms: &SourceTerms) -> Result<Duration, FeedOptionError> {
        let source_name = terms.name;
        let is_loopback = self.is_loopback();
        let interval = self.interval.unwrap_or(terms.least_interval);
        if interval.is_zero() {
            return Err(FeedOptionError::ZeroInterval);
        }
        if interval < terms.least_interval && !is_loopback {
            let least = terms.least_interval.try_into().unwrap_or(jiff::SignedDuration::MAX);
            return Err(FeedOptionError::IntervalTooShort { source_name, least });
        }
        if self.clock.is_some() && !is_loopback {
            return Err(FeedOptionError::ClockWithoutLoopback);
        }
        let is_polled = self.input == FeedInput::SourceUrls && !is_loopback;
        let lacks_key = terms.key != SourceKey::None && self.api_key.is_none();
        if is_polled && lacks_key && self.sends_key() {
            return Err(FeedOptionError::KeyMissing { source_name });
        }
        if is_polled && terms.monthly_requests.is_some() && self.budget.is_none() {
            return Err(FeedOptionError::BudgetMissing { source_name });
        }
        for kind in [BoardKind::Arrivals, BoardKind::Departures] {
            if self.boards.iter().filter(|board| board.kind == kind).count() > 1 {
                return Err(FeedOptionError::SameKind);
            }
        }
        Ok(interval)
    }
}
