//! The final states, and how long a row stays in each.

use jiff::SignedDuration;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Map;

use crate::duration::parse_duration;
use crate::error::ParseError;
use crate::field;

/// Longest delay that a board may set.
const MAX_REMOVAL_DELAY: SignedDuration = SignedDuration::from_hours(7 * 24);

const MINUTES_15: SignedDuration = SignedDuration::from_mins(15);
const MINUTES_30: SignedDuration = SignedDuration::from_mins(30);

/// The final states: name, variant, default delay.
const FINAL_STATES: [(&str, FinalState, SignedDuration); 6] = [
    ("landed", FinalState::Landed, MINUTES_30),
    ("at gate", FinalState::AtGate, MINUTES_30),
    ("baggage", FinalState::Baggage, MINUTES_30),
    ("departed", FinalState::Departed, MINUTES_15),
    ("cancelled", FinalState::Cancelled, MINUTES_30),
    ("diverted", FinalState::Diverted, MINUTES_30),
];

/// A state after which a flight is not expected to change. Its row is removed after a delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the state of that name")]
pub enum FinalState {
    Landed,
    AtGate,
    Baggage,
    Departed,
    Cancelled,
    Diverted,
}

/// The delay after which a board removes rows in each final state; `None` means never.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Map<String, serde_json::Value>")]
pub struct RemovalDelays([Option<SignedDuration>; FINAL_STATES.len()]);

impl FinalState {
    /// Parses a row's `state`, ignoring case. Returns `None` if it is not final.
    pub fn parse(state: &str) -> Option<Self> {
        let mut known = FINAL_STATES.iter();
        known.find(|(name, _, _)| name.eq_ignore_ascii_case(state)).map(|(_, state, _)| *state)
    }

    /// Returns whether the delay starts at the scheduled time: travellers look for a cancelled flight until it
    /// would have left.
    pub fn counts_from_schedule(self) -> bool {
        matches!(self, Self::Cancelled | Self::Diverted)
    }
}

impl RemovalDelays {
    /// The delay for `state`; `None` means never.
    pub fn delay(&self, state: FinalState) -> Option<SignedDuration> {
        self.0[state as usize]
    }

    /// The longest delay; `None` if it is never for some state.
    pub fn longest(&self) -> Option<SignedDuration> {
        self.0
            .iter()
            .copied()
            .try_fold(SignedDuration::ZERO, |longest, delay| Some(longest.max(delay?)))
    }
}

impl Default for RemovalDelays {
    fn default() -> Self {
        Self(FINAL_STATES.map(|(_, _, delay)| Some(delay)))
    }
}

impl TryFrom<Map<String, serde_json::Value>> for RemovalDelays {
    type Error = ParseError;

    fn try_from(fields: Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        let mut delays = Self::default();
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("removeAfter.{name}");
            let state = FinalState::parse(&name).ok_or_else(|| {
                let known = FINAL_STATES.map(|(name, _, _)| name).join(", ");
                ParseError::new(&path, format!("is not a final state (those are {known})"))
            })?;
            delays.0[state as usize] = parse_delay(&path, &value)?;
        }
        Ok(delays)
    }
}

impl Serialize for RemovalDelays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(FINAL_STATES.len()))?;
        for (name, state, _) in FINAL_STATES {
            match self.delay(state) {
                Some(delay) => map.serialize_entry(name, &format!("{delay:#}"))?,
                None => map.serialize_entry(name, "never")?,
            }
        }
        map.end()
    }
}

pub(crate) fn parse_delay(
    path: &str,
    value: &serde_json::Value,
) -> Result<Option<SignedDuration>, ParseError> {
    let text = field::string(path, value)?;
    if text == "never" {
        return Ok(None);
    }
    parse_duration(text).filter(|delay| *delay <= MAX_REMOVAL_DELAY).map(Some).ok_or_else(|| {
        let reason = "must be a duration of at most seven days such as 30m, 90s or 1h30m, or never";
        ParseError::new(path, reason)
    })
}
