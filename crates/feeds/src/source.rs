//! The interface of a source: its terms, its requests, and how to read its answers.

use std::time::Duration;

use flight::{BoardKind, Flight, FlightField};
use jiff::Timestamp;

use crate::answer::AnswerOutcome;

/// Facts about a source, as `flightboard feed --list` prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceTerms {
    /// The name on the command line, such as `avinor`.
    pub name: &'static str,
    /// The name on the page, such as `Avinor`.
    pub title: &'static str,
    /// The organisation that publishes the data.
    pub owner: &'static str,
    /// The key that a request needs.
    pub key: SourceKey,
    /// The shortest interval between two polls.
    pub least_interval: Duration,
    /// Most requests in a calendar month, if the source sets a limit.
    pub monthly_requests: Option<u32>,
    /// The terms as far as they are known, in one line.
    pub terms: &'static str,
    /// The attribution that the page must show, word for word.
    pub attribution: &'static str,
    /// The address to which the attribution links.
    pub link: Option<&'static str>,
    /// A note for the board, if readers must know something about the data.
    pub board_note: Option<&'static str>,
}

/// The words about a source on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCredit {
    /// Its name.
    pub title: String,
    /// The attribution, word for word.
    pub attribution: String,
    /// The address to which the attribution links.
    pub link: Option<String>,
}

/// The key that a source asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKey {
    /// Requests need no key.
    None,
    /// The key is sent in this header.
    Header(&'static str),
}

/// One GET request of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRequest {
    /// The full URL. `--source-url` replaces its scheme, host and port.
    pub url: String,
    /// Headers that the source needs, without that of the key.
    pub headers: &'static [(&'static str, &'static str)],
}

/// The answer to a request, with its body decompressed and decoded to UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code; never 304, for which the poller repeats the last body.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// The part of an airport's traffic that a feed reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAirport {
    /// The code as the user gave it, in upper case: IATA or, for VATSIM, ICAO.
    pub code: String,
    /// The airport's IANA time zone.
    pub zone: jiff::tz::TimeZone,
    /// The kinds of boards that are wanted: one or both.
    pub kinds: Vec<BoardKind>,
}

impl SourceRequest {
    /// A request without headers of its own.
    pub fn get(url: String) -> Self {
        Self { url, headers: &[] }
    }
}

/// A source of rows.
pub trait Source: Send + Sync {
    /// The source's terms.
    fn terms(&self) -> &'static SourceTerms;

    /// The words about the source on the page.
    fn credit(&self) -> SourceCredit {
        let terms = self.terms();
        SourceCredit {
            title: terms.title.to_owned(),
            attribution: terms.attribution.to_owned(),
            link: terms.link.map(str::to_owned),
        }
    }

    /// The fields that its rows may have. Feeds leave all others alone.
    fn fields(&self) -> &'static [FlightField];

    /// The requests of the poll at `now`. Their answers are read together.
    fn requests(&self, now: Timestamp) -> Vec<SourceRequest>;

    /// Learns the rows that a board has. The caller passes them before each [`read`](Self::read): a source
    /// whose answers lack a part of the identity, such as the date of a simulated flight, then gives a
    /// row the key that it has on the board, also after a restart or on another replica.
    fn recall(&mut self, _kind: BoardKind, _rows: &[Flight]) {}

    /// Reads the answers to [`requests`](Self::requests), in the same order; `asked_at` is the time of
    /// asking. An answer that did not arrive is an error with its reason.
    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome;
}
