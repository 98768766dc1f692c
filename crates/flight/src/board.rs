//! A board's name and settings.

use std::fmt;
use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::error::ParseError;
use crate::field;
use crate::final_state::RemovalDelays;
use crate::row::object;

/// Most characters of a board's name.
const MAX_NAME_CHARS: usize = 40;

/// The zones that come with the program, not the machine's: replicas must agree on them.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A board's name: 1 to 40 of `a-z 0-9 - _`. Names are the same in any letter case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BoardName(String);

/// What a board shows besides its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardSettings {
    /// The board's name, as in its URL.
    pub name: BoardName,
    /// The heading.
    pub title: String,
    /// What its rows are.
    pub kind: BoardKind,
    /// The airport's code or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub airport: Option<String>,
    /// The airport's IANA time zone; times without an offset are on its clock.
    pub time_zone: String,
    /// A line for all readers of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long rows stay in a final state.
    pub remove_after: RemovalDelays,
}

/// Whether the rows of a board arrive or depart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "named as they are")]
pub enum BoardKind {
    Arrivals,
    Departures,
}

impl BoardName {
    /// The name that `text` is, in any letter case.
    ///
    /// # Errors
    /// Text that is empty, too long, or holds other characters.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text.is_empty() || text.len() > MAX_NAME_CHARS || !text.bytes().all(fits) {
            let reason = format!("must be 1 to {MAX_NAME_CHARS} letters, digits, - or _");
            return Err(ParseError::new("board", reason));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl BoardSettings {
    /// The settings of a board of which nothing was said.
    pub fn with_defaults(name: BoardName) -> Self {
        Self {
            title: "Arrivals".to_owned(),
            kind: BoardKind::Arrivals,
            airport: None,
            time_zone: "UTC".to_owned(),
            note: None,
            remove_after: RemovalDelays::default(),
            name,
        }
    }

    /// The settings that a publisher gives for the board `name`; what is not said is plain.
    ///
    /// # Errors
    /// An unknown field, a value of a wrong kind, a time zone that IANA does not know.
    pub fn parse(name: &BoardName, value: &serde_json::Value) -> Result<Self, ParseError> {
        let mut settings = Self::with_defaults(name.clone());
        let mut titled = false;
        for (field, value) in object("data", value)?.iter().filter(|(_, value)| !value.is_null()) {
            match field.as_str() {
                "name" => is_same_name(name, value)?,
                "title" => {
                    settings.title = field::text(field, value, 100)?;
                    titled = true;
                }
                "kind" => settings.kind = BoardKind::parse(value)?,
                "airport" => settings.airport = Some(field::text(field, value, 64)?),
                "timeZone" => settings.time_zone = zone_name(value)?,
                "note" => settings.note = Some(field::text(field, value, 200)?),
                "removeAfter" => {
                    settings.remove_after = object(field, value)?.clone().try_into()?;
                }
                _ => return Err(ParseError::new(field, "is not a setting of a board")),
            }
        }
        if !titled && settings.kind == BoardKind::Departures {
            settings.title = "Departures".to_owned();
        }
        Ok(settings)
    }

    /// The board's time zone.
    pub(crate) fn zone(&self) -> TimeZone {
        ZONES.get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

impl BoardKind {
    fn parse(value: &serde_json::Value) -> Result<Self, ParseError> {
        match field::string("kind", value)? {
            "arrivals" => Ok(Self::Arrivals),
            "departures" => Ok(Self::Departures),
            _ => Err(ParseError::new("kind", "must be arrivals or departures")),
        }
    }
}

impl TryFrom<String> for BoardName {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl fmt::Display for BoardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_same_name(name: &BoardName, value: &serde_json::Value) -> Result<(), ParseError> {
    let given = BoardName::parse(field::string("name", value)?);
    if given.as_ref() == Ok(name) {
        return Ok(());
    }
    Err(ParseError::new("name", format!("must be {name}, as in the URL")))
}

fn zone_name(value: &serde_json::Value) -> Result<String, ParseError> {
    let name = field::string("timeZone", value)?;
    let zone = ZONES.get(name);
    let known = zone.as_ref().ok().and_then(TimeZone::iana_name);
    known
        .map(str::to_owned)
        .ok_or_else(|| ParseError::new("timeZone", "must be an IANA time zone such as Europe/Rome"))
}
