//! What a publisher asks for, and the record that the journal keeps of it.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::board::{BoardName, BoardSettings};
use crate::error::ParseError;
use crate::field;
use crate::row::{Flight, Key, Patch, object};

/// Most characters of an idempotency key.
const MAX_IDEMPOTENCY_KEY_CHARS: usize = 128;

/// What a publisher asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "camelCase")]
pub enum Update {
    /// Open a board, or replace its settings.
    #[serde(rename = "boardUpdate")]
    PutBoard(Box<BoardSettings>),
    /// Close a board: its rows go, its followers are told not to come back.
    #[serde(rename = "closedConnection")]
    CloseBoard {
        /// Said to the followers.
        reason: String,
    },
    /// Add a row, or replace it whole.
    #[serde(rename = "flightAddition")]
    Put(Flight),
    /// Change some fields of a row.
    #[serde(rename = "flightStateUpdate")]
    Patch(Patch),
    /// Remove a row.
    #[serde(rename = "flightRemoval")]
    Remove(Key),
    /// Remove a row if its stay in a final state is over by then. Asked for by the server alone.
    #[serde(rename = "expiry")]
    Expire(Key),
}

/// One update with its board, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    board: BoardName,
    update: Update,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<IdempotencyKey>,
}

/// What a row must be for its update to be carried out (RFC 9110, section 13.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// `If-Match`: the row's version is one of these. An empty list is never met.
    Version(Vec<u64>),
    /// `If-Match: *`: the row is there.
    Present,
    /// `If-None-Match: *`: the row is not there.
    Absent,
}

/// A publisher's name for one update, by which a repetition is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey(String);

impl Update {
    /// The update of `board` that the event name and its data ask for; the names are those of the
    /// stream's events.
    ///
    /// # Errors
    /// An event that cannot be published, or data that it does not have.
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
            "closedConnection" => closing(data),
            "flightAddition" => Flight::try_from(fields()?).map(Self::Put),
            "flightStateUpdate" => Patch::try_from(fields()?).map(Self::Patch),
            "flightRemoval" => Key::try_from(fields()?).map(Self::Remove),
            _ => Err(ParseError::new(
                "event",
                "must be flightAddition, flightStateUpdate, flightRemoval, boardUpdate or \
                 closedConnection",
            )),
        }
    }

    /// The flight that it is about, if it is not about a board.
    pub fn flight(&self) -> Option<&Key> {
        match self {
            Self::PutBoard(_) | Self::CloseBoard { .. } => None,
            Self::Put(flight) => Some(flight.key()),
            Self::Patch(patch) => Some(patch.key()),
            Self::Remove(key) | Self::Expire(key) => Some(key),
        }
    }
}

impl Record {
    /// A record of `update` on `board`, unconditional.
    pub fn new(board: BoardName, update: Update) -> Self {
        Self { board, update, condition: None, key: None }
    }

    /// The same, to be carried out only if the row is as `condition` says.
    #[must_use]
    pub fn on_condition(mut self, condition: Option<Condition>) -> Self {
        self.condition = condition;
        self
    }

    /// The same, to be carried out only once under this key.
    #[must_use]
    pub fn once(mut self, key: Option<IdempotencyKey>) -> Self {
        self.key = key;
        self
    }

    /// The board.
    pub fn board(&self) -> &BoardName {
        &self.board
    }

    /// What is asked for.
    pub fn update(&self) -> &Update {
        &self.update
    }

    pub(crate) fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }

    /// The key with its board as a number, and a number for what is asked under it.
    pub(crate) fn fingerprints(&self) -> Option<(u128, u128)> {
        let IdempotencyKey(key) = self.key.as_ref()?;
        let name = xxh3_128(format!("{}\n{key}", self.board).as_bytes());
        let asked = serde_json::to_vec(&(&self.update, &self.condition)).unwrap_or_default();
        Some((name, xxh3_128(&asked)))
    }
}

impl IdempotencyKey {
    /// The key that `text` is.
    ///
    /// # Errors
    /// Text that is empty, too long, or not visible ASCII.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let fits = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_IDEMPOTENCY_KEY_CHARS || !fits {
            let reason =
                format!("must be 1 to {MAX_IDEMPOTENCY_KEY_CHARS} visible ASCII characters");
            return Err(ParseError::new("idempotencyKey", reason));
        }
        Ok(Self(text.to_owned()))
    }
}

fn closing(data: &serde_json::Value) -> Result<Update, ParseError> {
    let mut reason = "the board is closed".to_owned();
    for (name, value) in object("data", data)?.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "reason" => reason = field::text(name, value, 200)?,
            _ => return Err(ParseError::new(name, "is not a field of a closing")),
        }
    }
    Ok(Update::CloseBoard { reason })
}
