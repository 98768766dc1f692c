//! One leg of a message: its identity and its data.

use std::fmt;
use std::hash::{Hash, Hasher};

use flight::BoardKind;
use jiff::civil::Date;
use xxhash_rust::xxh3::Xxh3;

use crate::xml::XmlElement;

/// Most characters of a value that names a leg whose identity is invalid. `RecordID` has room for 64.
const MAX_NAMED_CHARS: usize = 10;

/// A leg, as one message describes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlightLeg {
    pub(crate) id: LegId,
    pub(crate) special_action: Option<SpecialAction>,
    /// The element with all that may change. Elements that it lacks say that nothing has changed.
    pub(crate) data: XmlElement,
}

/// The AIDX identity of a leg.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LegId {
    /// The airline's code.
    pub(crate) airline: String,
    /// The flight number as boards show it.
    pub(crate) number: String,
    /// The day on which the first leg of the flight is scheduled to leave, in UTC. It never changes.
    pub(crate) origin_date: Date,
    pub(crate) departure: String,
    /// Stays the same after a diversion.
    pub(crate) arrival: String,
    /// The attempt to depart, if it is not the first.
    pub(crate) repeat: Option<u8>,
    /// False if a later attempt has replaced this one.
    pub(crate) is_current: bool,
}

/// `SpecialAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SpecialAction {
    /// The leg was created in error.
    Delete,
    /// The public must not see the leg.
    DoNotDisplay,
    /// Nothing about the leg may be published after an incident.
    LockDown,
}

/// A leg that was refused, or that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRefusal {
    /// The leg, as far as its identity could be read.
    pub leg: String,
    /// The reason.
    pub reason: String,
}

impl FlightLeg {
    pub(crate) fn read(element: &XmlElement) -> Result<Self, LegRefusal> {
        let refused = |reason| LegRefusal { leg: describe(element), reason };
        let id = element.child("LegIdentifier").ok_or_else(|| {
            refused("has no LegIdentifier; general aviation is not for the public".to_owned())
        })?;
        let id = LegId::read(id).map_err(refused)?;
        let special_action = match element.child_text("SpecialAction") {
            None => None,
            Some("Delete") => Some(SpecialAction::Delete),
            Some("DoNotDisplay") => Some(SpecialAction::DoNotDisplay),
            Some("LockDown") => Some(SpecialAction::LockDown),
            Some(_) => {
                let known = "SpecialAction must be Delete, DoNotDisplay or LockDown";
                return Err(refused(known.to_owned()));
            }
        };
        let data = element.child("LegData").cloned().unwrap_or_default();
        Ok(Self { id, special_action, data })
    }

    /// The code of the airport whose board of this kind shows the leg, in upper case.
    pub fn airport(&self, kind: BoardKind) -> &str {
        match kind {
            BoardKind::Arrivals => &self.id.arrival,
            BoardKind::Departures => &self.id.departure,
        }
    }

    /// The code of the airport at the other end.
    pub(crate) fn other_airport(&self, kind: BoardKind) -> &str {
        match kind {
            BoardKind::Arrivals => &self.id.departure,
            BoardKind::Departures => &self.id.arrival,
        }
    }

    /// Returns whether the board of `airport` (an IATA or ICAO code in any case) of this kind shows the leg.
    pub fn is_for(&self, airport: &str, kind: BoardKind) -> bool {
        same_airport(&airport.to_ascii_uppercase(), self.airport(kind))
    }

    /// A hash of the leg and all that the message says of it.
    pub fn fingerprint(&self) -> u128 {
        let mut hasher = Xxh3::new();
        self.hash(&mut HashWriter(&mut hasher));
        hasher.digest128()
    }
}

impl fmt::Display for FlightLeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LegId { number, origin_date, departure, arrival, .. } = &self.id;
        write!(f, "{number} of {origin_date} from {departure} to {arrival}")
    }
}

impl LegId {
    fn read(element: &XmlElement) -> Result<Self, String> {
        let airline = code(element, "Airline", 2..=3)?;
        let digits = text(element, "FlightNumber")?;
        if digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("FlightNumber must be 1 to 4 digits, not {digits:?}"));
        }
        let suffix = match element.child_text("OperationalSuffix") {
            None => "",
            Some(suffix) if suffix.len() == 1 && suffix.as_bytes()[0].is_ascii_alphabetic() => {
                suffix
            }
            Some(suffix) => {
                return Err(format!("OperationalSuffix must be a letter, not {suffix:?}"));
            }
        };
        let repeat = match element.child("RepeatNumber").and_then(XmlElement::text) {
            None => 1,
            Some(number) => {
                let number = number.parse().ok().filter(|number| (1..=9).contains(number));
                number.ok_or("RepeatNumber must be from 1 to 9")?
            }
        };
        let current = element.child("RepeatNumber").and_then(|it| it.attribute("CurrentInd"));
        Ok(Self {
            number: flight_number(&airline, digits, suffix),
            airline,
            origin_date: origin_date(text(element, "OriginDate")?)?,
            departure: code(element, "DepartureAirport", 3..=4)?,
            arrival: code(element, "ArrivalAirport", 3..=4)?,
            repeat: (repeat > 1).then_some(repeat),
            is_current: !current.is_some_and(|value| ["false", "0"].contains(&value)),
        })
    }
}

/// The flight number as boards show it: AIDX wants at least three digits, so `7` is `007`; senders
/// that fill up to four digits (`0355`) mean the same flight as those that do not.
pub(crate) fn flight_number(airline: &str, digits: &str, suffix: &str) -> String {
    let digits = digits.trim_start_matches('0');
    format!("{airline}{digits:0>3}{suffix}").to_ascii_uppercase()
}

/// Returns whether two codes, IATA or ICAO in upper case, are of the same airport.
pub fn same_airport(one: &str, other: &str) -> bool {
    one == other || codes::airport(one).is_some_and(|known| Some(known) == codes::airport(other))
}

/// The IATA code of an airport, if it is known, else the code itself.
pub(crate) fn iata(code: &str) -> &str {
    codes::airport(code).and_then(|airport| airport.iata.as_deref()).unwrap_or(code)
}

/// Parses an `xs:date`, which may have an offset.
fn origin_date(text: &str) -> Result<Date, String> {
    let invalid = || format!("OriginDate must be a date such as 2026-11-22, not {text:?}");
    let date = text.get(..10).ok_or_else(invalid)?;
    let has_date_shape = date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-';
    date.parse().ok().filter(|_| has_date_shape).ok_or_else(invalid)
}

fn code(
    element: &XmlElement,
    name: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<String, String> {
    let code = text(element, name)?;
    if length.contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(code.to_ascii_uppercase());
    }
    let (least, most) = length.into_inner();
    Err(format!("{name} must be a code of {least} or {most} letters and digits, not {code:?}"))
}

fn text<'a>(element: &'a XmlElement, name: &str) -> Result<&'a str, String> {
    element.child_text(name).ok_or_else(|| format!("{name} is missing"))
}

/// Names a leg whose identity is incomplete or invalid.
fn describe(leg: &XmlElement) -> String {
    let id = leg.child("LegIdentifier");
    let names = ["Airline", "FlightNumber", "OriginDate", "DepartureAirport", "ArrivalAirport"];
    let values = names.iter().filter_map(|name| id?.child_text(name));
    let values: Vec<_> =
        values.map(|value| value.chars().take(MAX_NAMED_CHARS).collect::<String>()).collect();
    if values.is_empty() { "a leg without identity".to_owned() } else { values.join(" ") }
}

/// [`Xxh3`] has its own trait for hashing.
struct HashWriter<'a>(&'a mut Xxh3);

impl Hasher for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flight_numbers_have_three_digits() {
        for (digits, expected) in
            [("355", "JQ355"), ("7", "JQ007"), ("0355", "JQ355"), ("1", "JQ001")]
        {
            assert_eq!(flight_number("jq", digits, ""), expected);
        }
        assert_eq!(flight_number("VS", "1808", "p"), "VS1808P");
        assert_eq!(flight_number("ZZ", "0000", ""), "ZZ000");
    }

    #[test]
    fn airports_match_by_either_code() {
        assert!(same_airport("OSL", "ENGM") && same_airport("XYZZ", "XYZZ"));
        assert!(!same_airport("OSL", "EDDF") && !same_airport("XYZZ", "ZZYX"));
        assert_eq!((iata("ENGM"), iata("OSL"), iata("XYZZ")), ("OSL", "OSL", "XYZZ"));
    }
}
