//! The file, parsed without names, ids and remarks: no type here has a field for them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::answer::RefusedRow;
use crate::sources::body::json;

/// All aircraft and plans.
pub(crate) struct NetworkFile {
    /// The time of the file.
    pub(crate) updated_at: Timestamp,
    /// The aircraft that are connected.
    pub(crate) pilots: Vec<Pilot>,
    /// The plans of pilots who are not.
    pub(crate) prefiles: Vec<Prefile>,
    /// Items that could not be read.
    pub(crate) refused: Vec<RefusedRow>,
}

/// A connected aircraft.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pilot {
    pub(crate) callsign: String,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    /// Feet above the sea.
    pub(crate) altitude: f64,
    /// Knots.
    pub(crate) groundspeed: f64,
    pub(crate) flight_plan: Option<FlightPlan>,
    pub(crate) logon_time: Timestamp,
}

/// The plan of a flight that has not begun.
#[derive(Debug, Deserialize)]
pub(crate) struct Prefile {
    pub(crate) callsign: String,
    pub(crate) flight_plan: FlightPlan,
    pub(crate) last_updated: Timestamp,
}

/// A flight plan, as the pilot typed it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FlightPlan {
    /// An ICAO code.
    #[serde(deserialize_with = "text", default)]
    pub(crate) departure: String,
    /// An ICAO code.
    #[serde(deserialize_with = "text", default)]
    pub(crate) arrival: String,
    /// Of the departure, `HHMM` in UTC.
    #[serde(deserialize_with = "text", default)]
    pub(crate) deptime: String,
    /// `HHMM`.
    #[serde(deserialize_with = "text", default)]
    pub(crate) enroute_time: String,
    /// Knots.
    #[serde(deserialize_with = "text", default)]
    pub(crate) cruise_tas: String,
    #[serde(deserialize_with = "text", default)]
    pub(crate) aircraft_short: String,
}

#[derive(Deserialize)]
struct RawFile<'a> {
    general: General,
    #[serde(borrow)]
    pilots: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    prefiles: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct General {
    update_timestamp: Timestamp,
}

impl NetworkFile {
    pub(crate) fn parse(body: &str) -> Result<Self, String> {
        let file: RawFile<'_> = json(body)?;
        let mut refused = Vec::new();
        let pilots = items("pilots", &file.pilots, &mut refused);
        let prefiles = items("prefiles", &file.prefiles, &mut refused);
        if pilots.is_empty() && !file.pilots.is_empty() {
            return Err("the answer has no pilots of the expected form".to_owned());
        }
        Ok(Self { updated_at: file.general.update_timestamp, pilots, prefiles, refused })
    }
}

/// Parses items one by one, so that a broken one does no harm to the others. The reason does not quote
/// it, because it contains personal data.
fn items<'a, T: Deserialize<'a>>(
    list: &str,
    items: &[&'a RawValue],
    refused: &mut Vec<RefusedRow>,
) -> Vec<T> {
    let mut parsed = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match serde_json::from_str(item.get()) {
            Ok(item) => parsed.push(item),
            Err(_) => refused.push(RefusedRow {
                row: format!("{list}[{index}]"),
                field: list.to_owned(),
                reason: "is not of the expected form".to_owned(),
            }),
        }
    }
    parsed
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.unwrap_or_default().trim().to_owned())
}
