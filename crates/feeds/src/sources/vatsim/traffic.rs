//! The flights of one airport.

use std::collections::BTreeSet;

use codes::Airport;
use flight::BoardKind;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::network_file::{FlightPlan, Pilot, Prefile};

/// A departure time longer before the log-on cannot be that of the flight, and would make it look late.
const MAX_TIME_BEFORE: SignedDuration = SignedDuration::from_mins(30);

/// A departure time this long after the log-on is the next day's, or a slip.
const MAX_TIME_AFTER_LOGON: SignedDuration = SignedDuration::from_hours(4);

/// A plan may be filed for the whole day to come.
const MAX_TIME_AFTER_FILING: SignedDuration = SignedDuration::from_hours(22);

/// Pilots leave this where they know no time.
const UNKNOWN_TIME: &str = "0000";

/// A flight as one file shows it, seen from one of its ends.
#[derive(Debug)]
pub(crate) struct FlightSighting {
    pub(crate) kind: BoardKind,
    pub(crate) callsign: String,
    pub(crate) origin: PlanEnd,
    pub(crate) destination: PlanEnd,
    pub(crate) aircraft: String,
    /// Of the departure, as the pilot plans it.
    pub(crate) departure: Option<Timestamp>,
    /// In the air, as the pilot plans it.
    pub(crate) enroute: Option<SignedDuration>,
    /// In knots, as the pilot plans it, or zero.
    pub(crate) cruise_knots: f64,
    /// The aircraft, unless the pilot is not connected.
    pub(crate) pilot: Option<Pilot>,
}

/// The origin or the destination of a plan.
#[derive(Debug)]
pub(crate) struct PlanEnd {
    /// The IATA code, or the code in the plan.
    pub(crate) name: String,
    /// The airport, if the table has it.
    pub(crate) airport: Option<&'static Airport>,
}

/// The flights from and to `place`. The plan of a pilot who is connected counts instead of one that was
/// filed before.
pub(crate) fn sightings(
    place: &Airport,
    pilots: Vec<Pilot>,
    prefiles: Vec<Prefile>,
) -> Vec<FlightSighting> {
    let mut callsigns = BTreeSet::new();
    let mut found = Vec::new();
    for mut pilot in pilots {
        let is_first = callsigns.insert(pilot.callsign.clone());
        let Some(plan) = pilot.flight_plan.take().filter(|_| is_first) else { continue };
        let departure = departure_time(&plan, pilot.logon_time, MAX_TIME_AFTER_LOGON);
        for kind in kinds(place, &plan) {
            let sighting = FlightSighting::new(kind, &pilot.callsign, &plan, departure);
            found.push(FlightSighting { pilot: Some(pilot.clone()), ..sighting });
        }
    }
    for prefile in prefiles.iter().filter(|prefile| !callsigns.contains(&prefile.callsign)) {
        let plan = &prefile.flight_plan;
        let departure = departure_time(plan, prefile.last_updated, MAX_TIME_AFTER_FILING);
        for kind in kinds(place, plan) {
            found.push(FlightSighting::new(kind, &prefile.callsign, plan, departure));
        }
    }
    found
}

impl FlightSighting {
    fn new(
        kind: BoardKind,
        callsign: &str,
        plan: &FlightPlan,
        departure: Option<Timestamp>,
    ) -> Self {
        Self {
            kind,
            callsign: callsign.to_owned(),
            origin: PlanEnd::new(&plan.departure),
            destination: PlanEnd::new(&plan.arrival),
            aircraft: plan.aircraft_short.clone(),
            departure,
            enroute: duration(&plan.enroute_time),
            cruise_knots: plan.cruise_tas.parse().unwrap_or_default(),
            pilot: None,
        }
    }

    /// The end that is not the board's airport.
    pub(crate) fn other_end(&self) -> &PlanEnd {
        match self.kind {
            BoardKind::Arrivals => &self.origin,
            BoardKind::Departures => &self.destination,
        }
    }

    /// The scheduled time at the board's airport.
    pub(crate) fn scheduled(&self) -> Option<Timestamp> {
        match self.kind {
            BoardKind::Arrivals => Some(self.departure? + self.enroute?),
            BoardKind::Departures => self.departure,
        }
    }
}

impl PlanEnd {
    fn new(code: &str) -> Self {
        let airport = codes::airport(code);
        let iata = airport.and_then(|airport| airport.iata.clone());
        Self { name: iata.unwrap_or_else(|| code.to_owned()), airport }
    }
}

/// The boards of `place` to which a flight belongs: both for a round trip.
fn kinds(place: &Airport, plan: &FlightPlan) -> impl Iterator<Item = BoardKind> {
    let is_place = |code: &str| place.icao.as_deref() == Some(code);
    let arrivals = is_place(&plan.arrival).then_some(BoardKind::Arrivals);
    let departures = is_place(&plan.departure).then_some(BoardKind::Departures);
    arrivals.into_iter().chain(departures)
}

/// The departure time of a plan, which has no date: the first one from shortly before `filed_at`, unless
/// that is too long after it.
fn departure_time(
    plan: &FlightPlan,
    filed_at: Timestamp,
    max_after: SignedDuration,
) -> Option<Timestamp> {
    let time = duration(&plan.deptime).filter(|time| time.as_hours() < 24)?;
    let earliest = filed_at.checked_sub(MAX_TIME_BEFORE).ok()?;
    let midnight = earliest.to_zoned(TimeZone::UTC).start_of_day().ok()?.timestamp();
    let today = midnight.checked_add(time).ok()?;
    let first = if today < earliest { today.checked_add(24.hours()).ok()? } else { today };
    (first <= filed_at.checked_add(max_after).ok()?).then_some(first)
}

/// Hours and minutes as `HHMM`, unless unknown.
fn duration(text: &str) -> Option<SignedDuration> {
    let is_known = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_known || text == UNKNOWN_TIME {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (minutes < 60).then(|| SignedDuration::from_mins(hours * 60 + minutes))
}
