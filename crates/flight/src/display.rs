//! The settings of a board for pages. The server keeps them and sends them to pages; it acts on none of them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::duration::parse_duration;
use crate::error::ParseError;
use crate::field;
use crate::final_state::parse_delay;

/// Columns that pages know: first those that combine several fields, then single fields.
pub const COLUMNS: [&str; 21] = [
    "time",
    "place",
    "flight",
    "checkIn",
    "gate",
    "terminal",
    "belt",
    "status",
    "origin",
    "destination",
    "via",
    "airline",
    "codeshares",
    "aircraft",
    "arrival",
    "departure",
    "estimated",
    "actual",
    "state",
    "stand",
    "remark",
];

/// States after which a row is over for the readers of a page.
const OVER_STATES: [&str; 7] =
    ["departed", "gate closed", "landed", "at gate", "baggage", "cancelled", "diverted"];

/// Longest time without an update that a board may expect.
const MAX_EXPECTED_INTERVAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Longest text of the operator.
const MAX_NOTICE_CHARS: usize = 200;

/// The settings of a board for pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisplaySettings {
    /// The columns in their order; empty for those that suit the direction of the board.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The delays after which rows are over: pages then show them with the earlier flights.
    #[serde(default, skip_serializing_if = "OverDelays::is_empty")]
    pub over_after: OverDelays,
    /// The longest usual time between two updates. Pages doubt the rows after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_every: Option<ExpectedInterval>,
    /// The operator's text for screens whose rows have been in doubt for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// The delays after which rows in some states are over, where they are not the usual ones; `None` means never.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct OverDelays(BTreeMap<&'static str, Option<SignedDuration>>);

/// The longest usual time between two updates of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct ExpectedInterval(SignedDuration);

impl DisplaySettings {
    /// Takes the setting `name`. Returns whether it is one of these.
    pub(crate) fn set(&mut self, name: &str, value: &Value) -> Result<bool, ParseError> {
        match name {
            "columns" => self.columns = parse_columns(value)?,
            "overAfter" => {
                self.over_after = crate::row::object(name, value)?.clone().try_into()?;
            }
            "expectEvery" => self.expect_every = Some(value.clone().try_into()?),
            "notice" => self.notice = Some(field::text(name, value, MAX_NOTICE_CHARS)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl OverDelays {
    /// The delay that the board has for a state; `Some(None)` means never.
    pub fn of_state(&self, state: &str) -> Option<Option<SignedDuration>> {
        self.0.get(state).copied()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Map<String, Value>> for OverDelays {
    type Error = ParseError;

    fn try_from(fields: Map<String, Value>) -> Result<Self, ParseError> {
        let mut delays = BTreeMap::new();
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("overAfter.{name}");
            let mut known = OVER_STATES.into_iter();
            let state = known.find(|state| state.eq_ignore_ascii_case(&name)).ok_or_else(|| {
                let states = OVER_STATES.join(", ");
                ParseError::new(&path, format!("is not a state of a row that is over ({states})"))
            })?;
            delays.insert(state, parse_delay(&path, &value)?);
        }
        Ok(Self(delays))
    }
}

impl Serialize for OverDelays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(state, delay)| {
            (state, delay.map_or_else(|| "never".to_owned(), |delay| format!("{delay:#}")))
        }))
    }
}

impl TryFrom<Value> for ExpectedInterval {
    type Error = ParseError;

    fn try_from(value: Value) -> Result<Self, ParseError> {
        let name = "expectEvery";
        let interval = parse_duration(field::string(name, &value)?)
            .filter(|it| (SignedDuration::from_secs(1)..=MAX_EXPECTED_INTERVAL).contains(it));
        interval.map(Self).ok_or_else(|| {
            let reason = "must be a duration from one second to seven days such as 10m or 1h30m";
            ParseError::new(name, reason)
        })
    }
}

impl Serialize for ExpectedInterval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#}", self.0))
    }
}

fn parse_columns(value: &Value) -> Result<Vec<String>, ParseError> {
    let items = value.as_array().filter(|items| !items.is_empty());
    let items =
        items.ok_or_else(|| ParseError::new("columns", "must be a list of names of columns"))?;
    let mut columns: Vec<String> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("columns[{index}]");
        let name = field::string(&path, item)?;
        if !COLUMNS.contains(&name) {
            let reason = format!("is not a column (those are {})", COLUMNS.join(", "));
            return Err(ParseError::new(path, reason));
        }
        if columns.iter().any(|column| column == name) {
            return Err(ParseError::new(path, format!("repeats {name}")));
        }
        columns.push(name.to_owned());
    }
    // It names the row.
    if !columns.iter().any(|column| column == "flight") {
        return Err(ParseError::new("columns", "must contain flight"));
    }
    Ok(columns)
}
