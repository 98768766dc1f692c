//! The source of a board's rows, and how old its last answer is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Map;

use crate::direction::{RecordedFields, check_direction};
use crate::error::ParseError;
use crate::field;
use crate::rfc3339;

/// Longest name of a source.
const MAX_NAME_CHARS: usize = 64;

/// Longest attribution, and longest reason.
const MAX_TEXT_CHARS: usize = 200;

/// Longest link.
const MAX_LINK_CHARS: usize = 200;

/// Longest time without an answer before a source is late.
const MAX_LATE_AFTER_SECS: u64 = 7 * 24 * 60 * 60;

/// The source of a board's rows, as followers see it. Its age differs from that of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RecordedFields")]
pub struct BoardSource {
    /// The organisation that publishes the data.
    pub name: String,
    /// The words that a page must show near the rows.
    pub attribution: String,
    /// The address to which the attribution links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The time of the last successful answer.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_secs")]
    pub last_answer: Option<Timestamp>,
    /// The time of the last answer that changed a row.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_secs")]
    pub last_change: Option<Timestamp>,
    /// The state of the source as of its last answer.
    pub status: SourceStatus,
    /// The reason for the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The seconds after the last answer from which on the source is late.
    #[serde(skip_serializing_if = "Option::is_none", rename = "lateAfter")]
    pub late_after_secs: Option<u64>,
}

/// The state of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceStatus {
    /// The last poll succeeded.
    Current,
    /// There was no answer for too long.
    Late,
    /// The last poll failed.
    Failing,
}

impl BoardSource {
    /// The time from which on the source is late, if it is not known to be late or failing already.
    pub(crate) fn late_at(&self) -> Option<Timestamp> {
        let late_after = SignedDuration::from_secs(i64::try_from(self.late_after_secs?).ok()?);
        let answered = self.last_answer.filter(|_| self.status == SourceStatus::Current)?;
        answered.checked_add(late_after).ok()
    }
}

impl SourceStatus {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::Current, Self::Late, Self::Failing];

    /// The status's name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Late => "late",
            Self::Failing => "failing",
        }
    }

    fn parse(name: &str, value: &serde_json::Value) -> Result<Self, ParseError> {
        let text = field::string(name, value)?;
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or_else(|| ParseError::new(name, "must be current, late or failing"))
    }
}

impl TryFrom<Map<String, serde_json::Value>> for BoardSource {
    type Error = ParseError;

    fn try_from(fields: Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        check_direction(&fields)?;
        RecordedFields(fields).try_into()
    }
}

impl TryFrom<RecordedFields> for BoardSource {
    type Error = ParseError;

    fn try_from(RecordedFields(fields): RecordedFields) -> Result<Self, ParseError> {
        let (mut name, mut attribution, mut status) = (None, None, None);
        let (mut link, mut reason, mut late_after_secs) = (None, None, None);
        let (mut last_answer, mut last_change) = (None, None);
        for (field, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            match field.as_str() {
                "name" => name = Some(field::text(field, value, MAX_NAME_CHARS)?),
                "attribution" => attribution = Some(field::text(field, value, MAX_TEXT_CHARS)?),
                "link" => link = Some(parse_link(field, value)?),
                "lastAnswer" => last_answer = Some(parse_time(field, value)?),
                "lastChange" => last_change = Some(parse_time(field, value)?),
                "status" => status = Some(SourceStatus::parse(field, value)?),
                "reason" => reason = Some(field::text(field, value, MAX_TEXT_CHARS)?),
                "lateAfter" => late_after_secs = Some(parse_late_after(field, value)?),
                _ => return Err(ParseError::new(field, "is not a field of a source")),
            }
        }
        let missing = |field| ParseError::new(field, "is missing");
        Ok(Self {
            name: name.ok_or_else(|| missing("name"))?,
            attribution: attribution.ok_or_else(|| missing("attribution"))?,
            status: status.ok_or_else(|| missing("status"))?,
            link,
            last_answer,
            last_change,
            reason,
            late_after_secs,
        })
    }
}

/// Readers follow the link, so it must not be a script.
fn parse_link(name: &str, value: &serde_json::Value) -> Result<String, ParseError> {
    let link = field::text(name, value, MAX_LINK_CHARS)?;
    if link.starts_with("https://") || link.starts_with("http://") {
        return Ok(link);
    }
    Err(ParseError::new(name, "must start with https:// or http://"))
}

/// Cuts the time to seconds, as it is encoded: replicas that restored it must decide alike.
fn parse_time(name: &str, value: &serde_json::Value) -> Result<Timestamp, ParseError> {
    let time = rfc3339::parse(field::string(name, value)?);
    let time = time.and_then(|time| Timestamp::from_second(time.timestamp.as_second()).ok());
    time.ok_or_else(|| {
        ParseError::new(name, "must be an RFC 3339 time such as 2026-11-22T08:15:00Z")
    })
}

fn parse_late_after(name: &str, value: &serde_json::Value) -> Result<u64, ParseError> {
    let secs = value.as_u64().filter(|secs| (1..=MAX_LATE_AFTER_SECS).contains(secs));
    secs.ok_or_else(|| {
        let reason = format!("must be a number of seconds from 1 to {MAX_LATE_AFTER_SECS}");
        ParseError::new(name, reason)
    })
}

fn serialize_secs<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&format_args!("{time:.0}")),
        None => serializer.serialize_none(),
    }
}
