//! A board's name and settings.

use std::fmt;
use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::direction::check_direction;
use crate::display::DisplaySettings;
use crate::error::ParseError;
use crate::field::{self, FlightField};
use crate::final_state::RemovalDelays;
use crate::row::object;

/// Longest board name.
const MAX_NAME_CHARS: usize = 40;

/// The time zones built into the program. Replicas must agree on them, so the machine's are not used.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A board's name: 1 to 40 of `a-z 0-9 - _`, case-insensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BoardName(String);

/// The settings of a board, which its followers see too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardSettings {
    /// The board's name, as in its URL.
    pub name: BoardName,
    /// The heading.
    pub title: String,
    /// The direction of its rows.
    pub kind: BoardKind,
    /// The airport's code or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub airport: Option<String>,
    /// The airport's IANA time zone, which times without an offset refer to.
    pub time_zone: String,
    /// A line of text for all readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Only those with the right to follow the board may read it.
    #[serde(rename = "private", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    /// The delays after which rows in final states are removed.
    pub remove_after: RemovalDelays,
    /// The settings for pages.
    #[serde(flatten)]
    pub display: DisplaySettings,
}

/// The direction of a board's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum BoardKind {
    Arrivals,
    Departures,
}

impl BoardName {
    /// Parses a name, ignoring case.
    ///
    /// # Errors
    /// The text is empty, too long, or contains other characters.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text.is_empty() || text.len() > MAX_NAME_CHARS || !text.bytes().all(is_allowed) {
            let reason = format!("must be 1 to {MAX_NAME_CHARS} letters, digits, - or _");
            return Err(ParseError::new("board", reason));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl BoardSettings {
    /// The default settings.
    pub fn with_defaults(name: BoardName) -> Self {
        Self {
            title: "Arrivals".to_owned(),
            kind: BoardKind::Arrivals,
            airport: None,
            time_zone: "UTC".to_owned(),
            note: None,
            is_private: false,
            remove_after: RemovalDelays::default(),
            display: DisplaySettings::default(),
            name,
        }
    }

    /// Parses the settings of the board `name`. Missing fields get their defaults.
    ///
    /// # Errors
    /// A field is unknown, has the wrong type, or names an unknown time zone.
    pub fn parse(name: &BoardName, value: &serde_json::Value) -> Result<Self, ParseError> {
        let mut settings = Self::with_defaults(name.clone());
        let mut has_title = false;
        let fields = object("data", value)?;
        check_direction(fields)?;
        for (field, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            match field.as_str() {
                "name" => check_name(name, value)?,
                "title" => {
                    settings.title = field::text(field, value, 100)?;
                    has_title = true;
                }
                "kind" => settings.kind = BoardKind::parse(value)?,
                "airport" => settings.airport = Some(field::text(field, value, 64)?),
                "timeZone" => settings.time_zone = parse_zone(value)?,
                "note" => settings.note = Some(field::text(field, value, 200)?),
                "private" => {
                    let is_private = value.as_bool();
                    settings.is_private = is_private
                        .ok_or_else(|| ParseError::new(field, "must be true or false"))?;
                }
                "removeAfter" => {
                    settings.remove_after = object(field, value)?.clone().try_into()?;
                }
                _ if settings.display.set(field, value)? => {}
                _ => return Err(ParseError::new(field, "is not a setting of a board")),
            }
        }
        if !has_title && settings.kind == BoardKind::Departures {
            settings.title = "Departures".to_owned();
        }
        Ok(settings)
    }

    /// The board's time zone.
    pub fn zone(&self) -> TimeZone {
        ZONES.get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

impl BoardKind {
    /// The field with the scheduled time at the board's airport.
    pub fn scheduled_field(self) -> FlightField {
        match self {
            Self::Arrivals => FlightField::Arrival,
            Self::Departures => FlightField::Departure,
        }
    }

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

fn check_name(name: &BoardName, value: &serde_json::Value) -> Result<(), ParseError> {
    let given = BoardName::parse(field::string("name", value)?);
    if given.as_ref() == Ok(name) {
        return Ok(());
    }
    Err(ParseError::new("name", format!("must be {name}, as in the URL")))
}

fn parse_zone(value: &serde_json::Value) -> Result<String, ParseError> {
    let name = field::string("timeZone", value)?;
    let zone = ZONES.get(name);
    let known = zone.as_ref().ok().and_then(TimeZone::iana_name);
    known
        .map(str::to_owned)
        .ok_or_else(|| ParseError::new("timeZone", "must be an IANA time zone such as Europe/Rome"))
}
