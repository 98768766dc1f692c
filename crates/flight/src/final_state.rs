//! Which states are final, and how long their rows stay.

use jiff::SignedDuration;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Map;

use crate::error::ParseError;
use crate::field;

/// The longest that a row of a final state may be kept.
const MAX_REMOVAL_DELAY: SignedDuration = SignedDuration::from_hours(7 * 24);

const MINUTES_15: SignedDuration = SignedDuration::from_mins(15);
const MINUTES_30: SignedDuration = SignedDuration::from_mins(30);

/// The final states: name, variant, how long a row stays unless the board says otherwise.
const FINAL: [(&str, FinalState, SignedDuration); 6] = [
    ("landed", FinalState::Landed, MINUTES_30),
    ("at gate", FinalState::AtGate, MINUTES_30),
    ("baggage", FinalState::Baggage, MINUTES_30),
    ("departed", FinalState::Departed, MINUTES_15),
    ("cancelled", FinalState::Cancelled, MINUTES_30),
    ("diverted", FinalState::Diverted, MINUTES_30),
];

/// A state after which a flight has nothing more to announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the states are")]
pub enum FinalState {
    Landed,
    AtGate,
    Baggage,
    Departed,
    Cancelled,
    Diverted,
}

/// How long a row stays after it reached a final state; `None` is for ever.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Map<String, serde_json::Value>")]
pub struct RemovalDelays([Option<SignedDuration>; FINAL.len()]);

impl FinalState {
    /// The final state that a row's `state` names, in any letter case.
    pub fn parse(state: &str) -> Option<Self> {
        let named = |(name, _, _): &&(&str, _, _)| name.eq_ignore_ascii_case(state);
        FINAL.iter().find(named).map(|(_, state, _)| *state)
    }

    /// Whether the stay counts from the scheduled time: travellers look for a cancelled flight
    /// until it would have gone.
    pub fn counts_from_schedule(self) -> bool {
        matches!(self, Self::Cancelled | Self::Diverted)
    }
}

impl RemovalDelays {
    /// How long a row stays in `state`; `None` is for ever.
    pub fn delay(&self, state: FinalState) -> Option<SignedDuration> {
        self.0[state as usize]
    }
}

impl Default for RemovalDelays {
    fn default() -> Self {
        Self(FINAL.map(|(_, _, stay)| Some(stay)))
    }
}

impl TryFrom<Map<String, serde_json::Value>> for RemovalDelays {
    type Error = ParseError;

    fn try_from(fields: Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        let mut stays = Self::default();
        for (name, value) in fields {
            let path = format!("removeAfter.{name}");
            let state = FinalState::parse(&name).ok_or_else(|| {
                let known = FINAL.map(|(name, _, _)| name).join(", ");
                ParseError::new(&path, format!("is not a final state (those are {known})"))
            })?;
            stays.0[state as usize] = stay(&path, &value)?;
        }
        Ok(stays)
    }
}

impl Serialize for RemovalDelays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(FINAL.len()))?;
        for (name, state, _) in FINAL {
            match self.delay(state) {
                Some(stay) => map.serialize_entry(name, &format!("{stay:#}"))?,
                None => map.serialize_entry(name, "never")?,
            }
        }
        map.end()
    }
}

fn stay(path: &str, value: &serde_json::Value) -> Result<Option<SignedDuration>, ParseError> {
    let text = field::string(path, value)?;
    if text == "never" {
        return Ok(None);
    }
    let stay = text.parse().ok().filter(|stay: &SignedDuration| !stay.is_negative());
    stay.filter(|stay| *stay <= MAX_REMOVAL_DELAY).map(Some).ok_or_else(|| {
        let reason = "must be a duration of at most seven days such as 30m, 90s or 1h30m, or never";
        ParseError::new(path, reason)
    })
}
