//! A publisher's update, as the journal stores it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::board::{BoardName, BoardSettings};
use crate::board_feed::FeedClaim;
use crate::direction::check_direction;
use crate::error::ParseError;
use crate::field;
use crate::outcome::Rejection;
use crate::publisher_name::PublisherName;
use crate::row::{Flight, FlightKey, FlightPatch, object};
use crate::source::{BoardSource, SourceStatus};

/// Longest idempotency key that a publisher may choose.
const MAX_IDEMPOTENCY_KEY_CHARS: usize = 128;

/// The change that an update asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "camelCase")]
pub enum Change {
    /// Opens a board, or replaces its settings.
    #[serde(rename = "boardUpdate")]
    PutBoard(Box<BoardSettings>),
    /// Closes a board: removes its rows, and tells its followers not to reconnect.
    #[serde(rename = "closedConnection")]
    CloseBoard {
        /// Sent to the followers.
        reason: String,
    },
    /// Adds a row, or replaces all of it.
    #[serde(rename = "flightAddition")]
    PutFlight(Flight),
    /// Changes some fields of a row.
    #[serde(rename = "flightStateUpdate")]
    PatchFlight(FlightPatch),
    /// Removes a row.
    #[serde(rename = "flightRemoval")]
    RemoveFlight(FlightKey),
    /// Removes a row if it has expired by then. Only the server publishes this.
    #[serde(rename = "expiry")]
    ExpireFlight(FlightKey),
    /// Sets or clears the source of the board's rows.
    #[serde(rename = "sourceUpdate")]
    PutSource(Option<Box<BoardSource>>),
    /// Marks the source as late if it is by then. Only the server publishes this.
    #[serde(rename = "lateness")]
    MarkSourceLate,
    /// Takes or renews the lease of the board's feed. Only the server publishes this.
    #[serde(rename = "feedLease")]
    ClaimFeed(FeedClaim),
}

/// A change of one board, with the conditions under which it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    board: BoardName,
    #[serde(rename = "update")]
    change: Change,
    #[serde(rename = "condition", default, skip_serializing_if = "Option::is_none")]
    precondition: Option<Precondition>,
    #[serde(rename = "boardCondition", default, skip_serializing_if = "Option::is_none")]
    board_precondition: Option<Precondition>,
    #[serde(rename = "key", default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publisher: Option<PublisherName>,
    #[serde(rename = "feed", default, skip_serializing_if = "std::ops::Not::not")]
    is_from_feed: bool,
    #[serde(rename = "asOf", default, skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
}

/// The state that a row or a board must have for the update to be applied (RFC 9110, section 13.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Precondition {
    /// `If-Match`: it has one of these versions. An empty list never matches.
    Version(Vec<u64>),
    /// `If-Match: *`: it exists.
    Present,
    /// `If-None-Match: *`: it does not exist.
    Absent,
    /// `If-None-Match`: it has none of these versions, or does not exist.
    OtherVersion(Vec<u64>),
    /// Several conditions, of which the first that does not hold is reported.
    All(Vec<Precondition>),
}

/// A publisher's name for an update, which makes retries harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey(String);

impl Change {
    /// Parses a change of `board` from the name and data of an event. The names are those of the
    /// stream's events.
    ///
    /// # Errors
    /// The event cannot be published, or its data is invalid.
    pub fn parse(
        board: &BoardName,
        event: &str,
        data: &serde_json::Value,
    ) -> Result<Self, ParseError> {
        let fields = || object("data", data).cloned();
        match event {
            "boardUpdate" => {
                BoardSettings::parse(board, data).map(|settings| Self::PutBoard(Box::new(settings)))
            }
            "closedConnection" => parse_closing(data),
            "flightAddition" => Flight::try_from(fields()?).map(Self::PutFlight),
            "flightStateUpdate" => FlightPatch::try_from(fields()?).map(Self::PatchFlight),
            "flightRemoval" => FlightKey::try_from(fields()?).map(Self::RemoveFlight),
            "sourceUpdate" if data.is_null() => Ok(Self::PutSource(None)),
            "sourceUpdate" => {
                BoardSource::try_from(fields()?).map(|source| Self::PutSource(Some(source.into())))
            }
            _ => Err(ParseError::new(
                "event",
                "must be flightAddition, flightStateUpdate, flightRemoval, boardUpdate, \
                 sourceUpdate or closedConnection",
            )),
        }
    }

    /// Returns whether a publisher or a source has spoken: servers make the other changes by themselves, and a source
    /// that fails has not answered.
    pub(crate) fn is_news(&self) -> bool {
        match self {
            Self::ExpireFlight(_) | Self::MarkSourceLate | Self::ClaimFeed(_) => false,
            Self::PutSource(source) => {
                source.as_ref().is_some_and(|source| source.status == SourceStatus::Current)
            }
            _ => true,
        }
    }

    /// The flight to change, unless the board itself is to change.
    pub fn flight(&self) -> Option<&FlightKey> {
        match self {
            Self::PutBoard(_) | Self::CloseBoard { .. } => None,
            Self::PutSource(_) | Self::MarkSourceLate | Self::ClaimFeed(_) => None,
            Self::PutFlight(flight) => Some(flight.key()),
            Self::PatchFlight(patch) => Some(patch.key()),
            Self::RemoveFlight(key) | Self::ExpireFlight(key) => Some(key),
        }
    }
}

impl Update {
    /// An unconditional change of `board`.
    pub fn new(board: BoardName, change: Change) -> Self {
        Self {
            board,
            change,
            precondition: None,
            board_precondition: None,
            idempotency_key: None,
            publisher: None,
            is_from_feed: false,
            as_of: None,
        }
    }

    /// Marks the update as a feed's: it leaves alone the fields that a row's `held` names.
    #[must_use]
    pub fn from_feed(mut self) -> Self {
        self.is_from_feed = true;
        self
    }

    /// Applies only if no update of the row as of a later time was applied before.
    #[must_use]
    pub fn as_of(mut self, time: Timestamp) -> Self {
        self.as_of = Some(time);
        self
    }

    /// Applies only if the row meets `precondition`.
    #[must_use]
    pub fn with_precondition(mut self, precondition: Option<Precondition>) -> Self {
        self.precondition = precondition;
        self
    }

    /// Applies only if the board meets `precondition`.
    #[must_use]
    pub fn with_board_precondition(mut self, precondition: Option<Precondition>) -> Self {
        self.board_precondition = precondition;
        self
    }

    /// Applies at most once under this key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: Option<IdempotencyKey>) -> Self {
        self.idempotency_key = key;
        self
    }

    /// Records the name of the publisher's credential. Each publisher has idempotency keys of its own.
    #[must_use]
    pub fn published_by(mut self, publisher: Option<PublisherName>) -> Self {
        self.publisher = publisher;
        self
    }

    /// The board to change.
    pub fn board(&self) -> &BoardName {
        &self.board
    }

    /// The change asked for.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// The name of the publisher's credential, if it had one.
    pub fn publisher(&self) -> Option<&PublisherName> {
        self.publisher.as_ref()
    }

    pub(crate) fn precondition(&self) -> Option<&Precondition> {
        self.precondition.as_ref()
    }

    pub(crate) fn board_precondition(&self) -> Option<&Precondition> {
        self.board_precondition.as_ref()
    }

    /// Returns whether the update is a feed's.
    pub fn is_from_feed(&self) -> bool {
        self.is_from_feed
    }

    pub(crate) fn as_of_time(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// Hashes of (board, publisher, idempotency key) and of the requested change.
    pub(crate) fn fingerprints(&self) -> Option<(u128, u128)> {
        let IdempotencyKey(key) = self.idempotency_key.as_ref()?;
        let key = match &self.publisher {
            Some(publisher) => format!("{}\n{publisher}\n{key}", self.board),
            None => format!("{}\n{key}", self.board),
        };
        let key = xxh3_128(key.as_bytes());
        // The version that a board must have is not part of it: the later lines of a repeated bulk
        // request have other ones.
        let change = serde_json::to_vec(&(&self.change, &self.precondition)).unwrap_or_default();
        Some((key, xxh3_128(&change)))
    }
}

impl Precondition {
    /// Makes a condition on a version follow an update that was applied under it: a newer `version`
    /// replaces those that were asked for.
    pub fn advance(&mut self, version: u64) {
        match self {
            Self::Version(versions) if versions.iter().all(|known| *known < version) => {
                *versions = vec![version];
            }
            Self::All(conditions) => {
                conditions.iter_mut().for_each(|condition| condition.advance(version));
            }
            Self::Version(_) | Self::Present | Self::Absent | Self::OtherVersion(_) => {}
        }
    }

    /// Checks it against the current version; `None` if the row or board does not exist.
    pub(crate) fn check(&self, current: Option<u64>) -> Result<(), Rejection> {
        let is_in = |versions: &[u64]| current.is_some_and(|current| versions.contains(&current));
        match self {
            Self::Version(versions) if is_in(versions) => Ok(()),
            Self::Present if current.is_some() => Ok(()),
            Self::Version(_) | Self::Present => Err(Rejection::VersionMismatch),
            Self::Absent if current.is_some() => Err(Rejection::AlreadyExists),
            Self::OtherVersion(versions) if is_in(versions) => Err(Rejection::SameVersion),
            Self::Absent | Self::OtherVersion(_) => Ok(()),
            Self::All(conditions) => {
                conditions.iter().try_for_each(|condition| condition.check(current))
            }
        }
    }
}

impl From<Flight> for Change {
    fn from(flight: Flight) -> Self {
        Self::PutFlight(flight)
    }
}

impl From<FlightPatch> for Change {
    fn from(patch: FlightPatch) -> Self {
        Self::PatchFlight(patch)
    }
}

impl IdempotencyKey {
    /// Parses an idempotency key.
    ///
    /// # Errors
    /// The text is empty, too long, or not visible ASCII.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_IDEMPOTENCY_KEY_CHARS || !is_visible {
            let reason =
                format!("must be 1 to {MAX_IDEMPOTENCY_KEY_CHARS} visible ASCII characters");
            return Err(ParseError::new("idempotencyKey", reason));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key of a line of a request that has this key. It may be longer than a publisher's key.
    #[must_use]
    pub fn of_line(&self, number: u64) -> Self {
        Self(format!("{}/{number}", self.0))
    }
}

fn parse_closing(data: &serde_json::Value) -> Result<Change, ParseError> {
    let mut reason = "the board is closed".to_owned();
    let fields = object("data", data)?;
    check_direction(fields)?;
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "reason" => reason = field::text(name, value, 200)?,
            _ => return Err(ParseError::new(name, "is not a field of a closing")),
        }
    }
    Ok(Change::CloseBoard { reason })
}
