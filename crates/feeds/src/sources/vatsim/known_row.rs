//! A row as it was before. One file shows positions only: the date of a flight, the time of its
//! take-off, and the fact that it flew at all follow from earlier files, or after a restart from the board.

use flight::{BoardKind, FinalState, Flight, FlightField, FlightKey};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::phase::{FlightPhase, distance_nm, phase};
use super::traffic::FlightSighting;
use crate::answer::{FullRow, RefusedRow};
use crate::row_builder::RowBuilder;

/// An aircraft boards this near to the airport's point.
const BOARDING_NM: f64 = 2.0;

/// It boards this long before and after its departure time.
const BOARDING_TIME: SignedDuration = SignedDuration::from_mins(30);

/// A flight that has flown longer at first sight would have left the board of departures.
const MAX_FIRST_FLOWN_HOURS: f64 = 10.0 / 60.0;

/// A flight that may have landed earlier than this at first sight would have left the board of arrivals.
const MAX_FIRST_LANDED: SignedDuration = SignedDuration::from_mins(40);

/// An aircraft that stands for a shorter time may only wait on a taxiway.
const MIN_STANDING: SignedDuration = SignedDuration::from_secs(60);

/// An estimate changes at least by this much, since each file gives a slightly different one.
const MIN_ESTIMATE_CHANGE: SignedDuration = SignedDuration::from_mins(5);

/// The speed of a slower aircraft says nothing about its arrival.
const MIN_ESTIMATE_KNOTS: f64 = 100.0;

/// Beyond this distance the planned speed counts, if it is higher: the aircraft may still climb.
const CRUISE_NM: f64 = 50.0;

/// An aircraft that has gained this height is not descending.
const CLIMB_FEET: f64 = 100.0;

/// States before the take-off, in their order.
const GROUND_STATES: [&str; 3] = ["scheduled", "boarding", "gate closed"];

/// States of an aircraft that has flown.
const FLOWN_STATES: [&str; 6] =
    ["departed", "expected", "landing", "landed", "at gate", "diverted"];

/// A row as it was before.
#[derive(Debug)]
pub(crate) struct KnownRow {
    /// The day of the first sight.
    pub(crate) date: Date,
    /// The time of the last file that has the flight; none after a restart.
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) is_on_board: bool,
    /// Tells two flights of one callsign on one day apart.
    leg: Option<String>,
    state: String,
    scheduled: Option<Timestamp>,
    estimated: Option<Timestamp>,
    actual: Option<Timestamp>,
    /// The altitude in the last file.
    altitude: Option<f64>,
    standing_since: Option<Timestamp>,
}

impl KnownRow {
    /// A row of the board.
    pub(crate) fn recalled(kind: BoardKind, row: &Flight, date: Date) -> Self {
        let time = |field| row.timestamp(field);
        Self {
            date,
            last_seen: None,
            is_on_board: true,
            leg: row.key().leg().map(str::to_owned),
            state: row.text(FlightField::State).unwrap_or(GROUND_STATES[0]).to_owned(),
            scheduled: time(scheduled_field(kind)),
            estimated: time(FlightField::Estimated),
            actual: time(FlightField::Actual),
            altitude: None,
            standing_since: None,
        }
    }

    pub(crate) fn first_seen(
        sighting: &FlightSighting,
        date: Date,
        leg: Option<String>,
        state: &str,
        now: Timestamp,
    ) -> Self {
        let known = Self {
            date,
            last_seen: None,
            is_on_board: true,
            leg,
            state: state.to_owned(),
            scheduled: None,
            estimated: None,
            actual: None,
            altitude: None,
            standing_since: None,
        };
        known.updated(sighting, now)
    }

    pub(crate) fn seen_again(mut self, sighting: &FlightSighting, now: Timestamp) -> Self {
        let phase = sighting.phase(self.has_flown());
        let is_standing = phase == FlightPhase::Arrived;
        self.standing_since = self.standing_since.or(Some(now)).filter(|_| is_standing);
        let state = self.next_state(phase, sighting, now);
        // The time of a take-off or landing is known only if the flight was seen before it.
        let is_movement = match sighting.kind {
            BoardKind::Arrivals => state == "landed",
            BoardKind::Departures => state == "departed",
        };
        if is_movement && state != self.state {
            self.actual = Some(now);
        }
        self.state = state.to_owned();
        // Of a flight that returns to its origin, or goes around, it is to come.
        self.actual = self.actual.filter(|_| self.is_final());
        self.updated(sighting, now)
    }

    pub(crate) fn is_final(&self) -> bool {
        FinalState::parse(&self.state).is_some()
    }

    /// The key of the row, unless the callsign is no flight number.
    pub(crate) fn key(&self, callsign: &str) -> Option<FlightKey> {
        let key = FlightKey::parse(callsign, Some(&self.date.to_string())).ok()?;
        key.with_leg(self.leg.as_deref()).ok()
    }

    pub(crate) fn row(
        &self,
        sighting: &FlightSighting,
        zone: &TimeZone,
    ) -> Result<FullRow, RefusedRow> {
        let kind = sighting.kind;
        let other_end = match kind {
            BoardKind::Arrivals => FlightField::Origin,
            BoardKind::Departures => FlightField::Destination,
        };
        let is_expected = matches!(&*self.state, "expected" | "landing");
        let mut row = RowBuilder::new(kind, &sighting.callsign);
        row.key("date", self.date)
            .text(other_end, &sighting.other_end().name)
            .text(FlightField::Airline, airline(&sighting.callsign))
            .text(FlightField::Aircraft, &sighting.aircraft)
            .time(scheduled_field(kind), self.scheduled, zone)
            .time(FlightField::Estimated, self.estimated.filter(|_| is_expected), zone)
            .time(FlightField::Actual, self.actual, zone)
            .text(FlightField::State, &self.state);
        if let Some(leg) = &self.leg {
            row.key("leg", leg);
        }
        row.build()
    }

    /// Takes over the facts of a sighting.
    fn updated(mut self, sighting: &FlightSighting, now: Timestamp) -> Self {
        self.last_seen = Some(now);
        // A pilot who reconnects in flight logs on too late for the departure time to be plausible.
        self.scheduled = sighting.scheduled().or(self.scheduled);
        self.altitude = sighting.pilot.as_ref().map(|pilot| pilot.altitude);
        if let Some(estimate) = sighting.estimate(now) {
            let is_close =
                |known: &Timestamp| estimate.duration_since(*known).abs() < MIN_ESTIMATE_CHANGE;
            self.estimated = self.estimated.filter(is_close).or(Some(estimate));
        }
        self
    }

    fn has_flown(&self) -> bool {
        FLOWN_STATES.contains(&&*self.state)
    }

    fn next_state(
        &self,
        phase: FlightPhase,
        sighting: &FlightSighting,
        now: Timestamp,
    ) -> &'static str {
        match (sighting.kind, phase) {
            (_, FlightPhase::Elsewhere) if self.has_flown() => "diverted",
            // The plan is for an aircraft that is not at its origin, so it has not begun.
            (_, FlightPhase::Elsewhere | FlightPhase::Prefiled) => "scheduled",
            (BoardKind::Departures, FlightPhase::Parked | FlightPhase::Taxiing) => {
                let state = sighting.ground_state(phase, now);
                // A push-back that stops, or a departure time that has passed, is no step back.
                let position = |state: &str| GROUND_STATES.iter().position(|one| *one == state);
                GROUND_STATES[position(&self.state).max(position(state)).unwrap_or_default()]
            }
            (BoardKind::Departures, _) => "departed",
            (BoardKind::Arrivals, FlightPhase::Parked | FlightPhase::Taxiing) => "scheduled",
            (BoardKind::Arrivals, FlightPhase::Airborne) => "expected",
            (BoardKind::Arrivals, FlightPhase::Approaching) => {
                let altitude = sighting.pilot.as_ref().map(|pilot| pilot.altitude);
                let climbed = altitude.zip(self.altitude).map(|(now, before)| now - before);
                if climbed.is_some_and(|feet| feet > CLIMB_FEET) { "expected" } else { "landing" }
            }
            (BoardKind::Arrivals, FlightPhase::Landed | FlightPhase::Arrived) => {
                let stands = self
                    .standing_since
                    .is_some_and(|since| now.duration_since(since) >= MIN_STANDING);
                if stands || self.state == "at gate" { "at gate" } else { "landed" }
            }
        }
    }
}

impl FlightSighting {
    /// The state of a flight that was not seen before. None if it does not belong on the board: after
    /// a restart, a flight must not come back whose row has left the board.
    pub(crate) fn first_state(&self, now: Timestamp) -> Option<&'static str> {
        let phase = self.phase(false);
        match (self.kind, phase) {
            (_, FlightPhase::Prefiled) => Some("scheduled"),
            // An origin that the table lacks is elsewhere too.
            (BoardKind::Arrivals, FlightPhase::Elsewhere) if self.origin.airport.is_none() => {
                Some("scheduled")
            }
            (_, FlightPhase::Elsewhere) => None,
            (BoardKind::Departures, FlightPhase::Parked | FlightPhase::Taxiing) => {
                Some(self.ground_state(phase, now))
            }
            (BoardKind::Departures, FlightPhase::Landed | FlightPhase::Arrived) => None,
            (BoardKind::Departures, FlightPhase::Airborne | FlightPhase::Approaching) => {
                let flown = self.distance_nm(self.origin.airport)? / self.speed_knots()?;
                (flown < MAX_FIRST_FLOWN_HOURS).then_some("departed")
            }
            (BoardKind::Arrivals, FlightPhase::Parked | FlightPhase::Taxiing) => Some("scheduled"),
            (BoardKind::Arrivals, FlightPhase::Airborne) => Some("expected"),
            (BoardKind::Arrivals, FlightPhase::Approaching) => Some("landing"),
            (BoardKind::Arrivals, FlightPhase::Landed) => Some("landed"),
            (BoardKind::Arrivals, FlightPhase::Arrived) => {
                let begin = self.departure?.max(self.pilot.as_ref()?.logon_time);
                (now.duration_since(begin) < self.enroute? + MAX_FIRST_LANDED).then_some("at gate")
            }
        }
    }

    fn phase(&self, has_flown: bool) -> FlightPhase {
        let ends = (self.origin.airport, self.destination.airport);
        self.pilot
            .as_ref()
            .map_or(FlightPhase::Prefiled, |pilot| phase(pilot, ends.0, ends.1, has_flown))
    }

    /// The state at the origin. Only a departure time that is near is believed.
    fn ground_state(&self, phase: FlightPhase, now: Timestamp) -> &'static str {
        let is_time =
            self.departure.is_some_and(|time| now.duration_since(time).abs() <= BOARDING_TIME);
        let is_near = self.distance_nm(self.origin.airport).is_some_and(|nm| nm < BOARDING_NM);
        match phase {
            FlightPhase::Taxiing => "gate closed",
            _ if is_time && is_near => "boarding",
            _ => "scheduled",
        }
    }

    /// The time of arrival by position and speed, of an arrival in the air.
    fn estimate(&self, now: Timestamp) -> Option<Timestamp> {
        let distance = self.distance_nm(self.destination.airport)?;
        let cruise = if distance > CRUISE_NM { self.cruise_knots } else { 0.0 };
        let hours = distance / self.speed_knots()?.max(cruise);
        now.checked_add(SignedDuration::try_from_secs_f64(hours * 3600.0).ok()?).ok()
    }

    fn distance_nm(&self, airport: Option<&codes::Airport>) -> Option<f64> {
        Some(distance_nm(self.pilot.as_ref()?, airport?))
    }

    fn speed_knots(&self) -> Option<f64> {
        Some(self.pilot.as_ref()?.groundspeed).filter(|knots| *knots >= MIN_ESTIMATE_KNOTS)
    }
}

fn scheduled_field(kind: BoardKind) -> FlightField {
    match kind {
        BoardKind::Arrivals => FlightField::Arrival,
        BoardKind::Departures => FlightField::Departure,
    }
}

/// The airline of a callsign such as `DLH6C`. Others, such as `ECMET`, are private.
fn airline(callsign: &str) -> &str {
    let is_flight = callsign.as_bytes().get(3).is_some_and(u8::is_ascii_digit);
    let code = callsign.get(..3).filter(|_| is_flight);
    code.and_then(codes::airline).map_or("", |airline| &airline.name)
}
