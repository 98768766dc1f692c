//! One row, its key, and a patch of it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Map;

use crate::direction::{RecordedFields, check_direction};
use crate::error::{ParseError, type_of};
use crate::field::{self, FieldValue, FlightField, RowTime};

/// Longest flight number.
const MAX_NUMBER_CHARS: usize = 16;

/// Longest name of a leg.
const MAX_LEG_CHARS: usize = 16;

/// Identifies a row: the flight number; the leg's origin date, if the source gives one; and a name of
/// the leg, where a number flies twice on a day. The number alone is not unique across days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Map<String, serde_json::Value>")]
pub struct FlightKey {
    flight: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leg: Option<String>,
}

/// One row: one leg of one flight number on one operating day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RecordedFields")]
pub struct Flight {
    key: FlightKey,
    values: BTreeMap<FlightField, FieldValue>,
}

/// A JSON Merge Patch (RFC 7396) of one row: fields to set, and fields to clear.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RecordedFields")]
pub struct FlightPatch {
    key: FlightKey,
    changes: BTreeMap<FlightField, Option<FieldValue>>,
}

impl FlightKey {
    /// Parses the key of `flight` on `date` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// The number is empty, too long, or contains anything but letters, digits, `-`, `.`, `_` and
    /// inner spaces; or the date is invalid.
    pub fn parse(flight: &str, date: Option<&str>) -> Result<Self, ParseError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._ ".contains(&byte);
        if flight.is_empty() {
            return Err(ParseError::new("flight", "must not be empty"));
        }
        if flight.len() > MAX_NUMBER_CHARS {
            let reason = format!("must be at most {MAX_NUMBER_CHARS} characters long");
            return Err(ParseError::new("flight", reason));
        }
        let is_valid = flight.bytes().all(is_allowed)
            && !flight.starts_with([' ', '.'])
            && !flight.ends_with(' ');
        if !is_valid {
            let reason = "must be a flight number of letters and digits, such as I768";
            return Err(ParseError::new("flight", reason));
        }
        let date = date.map(|text| field::date("date", text)).transpose()?;
        Ok(Self { flight: flight.to_owned(), date, leg: None })
    }

    /// Adds the name of the leg, such as its scheduled time.
    ///
    /// # Errors
    /// The name is empty, too long, or contains anything but letters, digits, `-`, `.`, `_` and `:`.
    pub fn with_leg(mut self, leg: Option<&str>) -> Result<Self, ParseError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        let is_valid =
            |leg: &str| (1..=MAX_LEG_CHARS).contains(&leg.len()) && leg.bytes().all(is_allowed);
        if leg.is_some_and(|leg| !is_valid(leg)) {
            let reason = format!("must be 1 to {MAX_LEG_CHARS} letters, digits, -, ., _ or :");
            return Err(ParseError::new("leg", reason));
        }
        self.leg = leg.map(str::to_owned);
        Ok(self)
    }

    /// The flight number.
    pub fn flight(&self) -> &str {
        &self.flight
    }

    /// The leg's origin date, if the source gives one.
    pub fn date(&self) -> Option<Date> {
        self.date
    }

    /// The name of the leg, where the number flies twice on a day.
    pub fn leg(&self) -> Option<&str> {
        self.leg.as_deref()
    }

    /// Returns whether the row `other` has all parts that this key gives.
    pub fn matches(&self, other: &Self) -> bool {
        self.flight == other.flight
            && self.date.is_none_or(|date| other.date == Some(date))
            && self.leg.as_ref().is_none_or(|leg| other.leg.as_ref() == Some(leg))
    }

    /// The first key of this flight number, and of this date if there is one, in the order of keys.
    pub(crate) fn first_candidate(&self) -> Self {
        Self { leg: None, ..self.clone() }
    }

    fn take_from(fields: &mut Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        let flight = fields.remove("flight");
        let flight = flight.ok_or_else(|| ParseError::new("flight", "is missing"))?;
        let date = fields.remove("date").filter(|date| !date.is_null());
        let date = date.as_ref().map(|date| field::string("date", date)).transpose()?;
        let leg = fields.remove("leg").filter(|leg| !leg.is_null());
        let leg = leg.as_ref().map(|leg| field::string("leg", leg)).transpose()?;
        Self::parse(field::string("flight", &flight)?, date)?.with_leg(leg)
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("flight", &self.flight)?;
        if let Some(date) = &self.date {
            map.serialize_entry("date", date)?;
        }
        self.leg.as_ref().map_or(Ok(()), |leg| map.serialize_entry("leg", leg))
    }
}

impl Flight {
    /// The row's key.
    pub fn key(&self) -> &FlightKey {
        &self.key
    }

    pub(crate) fn values(&self) -> &BTreeMap<FlightField, FieldValue> {
        &self.values
    }

    /// The value of a text or time field, if it is set.
    pub fn text(&self, field: FlightField) -> Option<&str> {
        match self.values.get(&field) {
            Some(FieldValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The value of a field, if it is set.
    pub fn value(&self, field: FlightField) -> Option<&FieldValue> {
        self.values.get(&field)
    }

    /// The instant of a time field, if it is set to a time with an offset.
    pub fn timestamp(&self, field: FlightField) -> Option<Timestamp> {
        match RowTime::parse(self.text(field)?)? {
            RowTime::Absolute(timestamp) => Some(timestamp),
            RowTime::Local(_) => None,
        }
    }

    /// Returns whether feeds must leave `name` alone: a field, or `flight` for the row as a whole.
    pub fn holds(&self, name: &str) -> bool {
        match self.values.get(&FlightField::Held) {
            Some(FieldValue::List(names)) => names.iter().any(|held| held == name),
            _ => false,
        }
    }

    /// Takes the values that `old` has in the fields that `is_kept` selects, or clears them.
    pub(crate) fn keep(&mut self, old: Option<&Self>, is_kept: impl Fn(FlightField) -> bool) {
        self.values.retain(|field, _| !is_kept(*field));
        let kept =
            old.into_iter().flat_map(|old| &old.values).filter(|(field, _)| is_kept(**field));
        self.values.extend(kept.map(|(field, value)| (*field, value.clone())));
    }

    /// Applies `patch`, and returns the part of it that changed anything, with this row's full key. The
    /// caller has checked that the patch is for this row.
    pub(crate) fn apply(&mut self, patch: &FlightPatch) -> FlightPatch {
        let mut changes = patch.changes.clone();
        changes.retain(|field, value| self.values.get(field) != value.as_ref());
        for (field, value) in &changes {
            match value {
                Some(value) => self.values.insert(*field, value.clone()),
                None => self.values.remove(field),
            };
        }
        FlightPatch { key: self.key.clone(), changes }
    }

    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.key.serialize_into(map)?;
        for (field, value) in &self.values {
            map.serialize_entry(field.name(), value)?;
        }
        Ok(())
    }
}

impl FlightPatch {
    /// A patch that sets these fields, or clears those without a value. The values are such as
    /// [`Flight::value`] returns.
    pub fn new(key: FlightKey, changes: BTreeMap<FlightField, Option<FieldValue>>) -> Self {
        Self { key, changes }
    }

    /// The fields to set, and those to clear.
    pub fn changes(&self) -> &BTreeMap<FlightField, Option<FieldValue>> {
        &self.changes
    }

    /// The row to change. Without a date or leg, the only row that has the parts given.
    pub fn key(&self) -> &FlightKey {
        &self.key
    }

    /// Leaves out the fields for which `keep` returns false.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(FlightField) -> bool) {
        self.changes.retain(|field, _| keep(*field));
    }

    /// Returns whether the patch has no fields.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// A patch of this row that has no fields.
    pub(crate) fn empty(key: FlightKey) -> Self {
        Self { key, changes: BTreeMap::new() }
    }

    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.key.serialize_into(map)?;
        for (field, value) in &self.changes {
            map.serialize_entry(field.name(), value)?;
        }
        Ok(())
    }
}

impl TryFrom<Map<String, serde_json::Value>> for FlightKey {
    type Error = ParseError;

    fn try_from(mut fields: Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        let key = Self::take_from(&mut fields)?;
        match fields.keys().next() {
            Some(name) => Err(ParseError::new(name, "is not a field of a removal")),
            None => Ok(key),
        }
    }
}

impl TryFrom<Map<String, serde_json::Value>> for Flight {
    type Error = ParseError;

    /// Treats a field that is `null` as absent.
    fn try_from(fields: Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        FlightPatch::try_from(fields).map(Self::from)
    }
}

impl From<FlightPatch> for Flight {
    /// The row of which all fields are those that the patch sets.
    fn from(FlightPatch { key, changes }: FlightPatch) -> Self {
        let present = changes.into_iter().filter_map(|(field, value)| Some((field, value?)));
        Self { key, values: present.collect() }
    }
}

impl TryFrom<Map<String, serde_json::Value>> for FlightPatch {
    type Error = ParseError;

    fn try_from(fields: Map<String, serde_json::Value>) -> Result<Self, ParseError> {
        check_direction(&fields)?;
        RecordedFields(fields).try_into()
    }
}

impl TryFrom<RecordedFields> for Flight {
    type Error = ParseError;

    fn try_from(fields: RecordedFields) -> Result<Self, ParseError> {
        FlightPatch::try_from(fields).map(Self::from)
    }
}

impl TryFrom<RecordedFields> for FlightPatch {
    type Error = ParseError;

    fn try_from(RecordedFields(mut fields): RecordedFields) -> Result<Self, ParseError> {
        let key = FlightKey::take_from(&mut fields)?;
        let mut changes = BTreeMap::new();
        // A client that sends back a row also sends the instants, which the server computes.
        for (name, value) in
            fields.into_iter().filter(|(name, _)| !FlightField::is_instant_name(name))
        {
            let (field, field_type) = FlightField::by_name(&name)
                .ok_or_else(|| ParseError::new(&name, "is not a field of a flight"))?;
            let value = (!value.is_null()).then(|| field_type.parse(&name, &value)).transpose()?;
            changes.insert(field, value);
        }
        Ok(Self { key, changes })
    }
}

impl Serialize for Flight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

impl Serialize for FlightPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

impl fmt::Display for FlightKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.flight)?;
        if let Some(date) = self.date {
            write!(f, " of {date}")?;
        }
        self.leg.as_ref().map_or(Ok(()), |leg| write!(f, ", leg {leg}"))
    }
}

/// Returns `value` as an object; `field` names it in the error.
pub(crate) fn object<'a>(
    field: &str,
    value: &'a serde_json::Value,
) -> Result<&'a Map<String, serde_json::Value>, ParseError> {
    value
        .as_object()
        .ok_or_else(|| ParseError::new(field, format!("must be an object, not {}", type_of(value))))
}
