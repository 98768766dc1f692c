//! Positions: distances, and the phase of a flight.

use codes::Airport;

use super::network_file::Pilot;

/// An aircraft this near to an airport is at it. The points of the table lie up to a mile from the
/// middle of the field, and large fields are four miles long.
const AT_AIRPORT_NM: f64 = 3.0;

/// Highest altitude above the field of an aircraft on the ground.
const MAX_GROUND_HEIGHT_FEET: f64 = 200.0;

/// No aircraft flies more slowly, except a paused one.
const MIN_FLIGHT_KNOTS: f64 = 40.0;

/// No airport is higher, so that an aircraft which stands still above is paused.
const MAX_AIRPORT_FEET: f64 = 15_000.0;

/// Distance of an approach.
const APPROACH_NM: f64 = 15.0;

/// Height of an approach above the field.
const APPROACH_HEIGHT_FEET: f64 = 5_000.0;

const EARTH_RADIUS_NM: f64 = 3_440.065;

/// The phase of a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlightPhase {
    /// The plan is filed, the pilot is not connected.
    Prefiled,
    /// Standing at the origin.
    Parked,
    /// Moving at the origin, up to the take-off.
    Taxiing,
    /// In the air, or paused in it.
    Airborne,
    /// In the air, near and low above the destination.
    Approaching,
    /// Moving on the ground at the destination.
    Landed,
    /// Standing at the destination.
    Arrived,
    /// On the ground at neither end.
    Elsewhere,
}

/// The phase of a flight with these ends, as far as they are known. `has_flown` distinguishes the two
/// ends of a round trip.
pub(crate) fn phase(
    pilot: &Pilot,
    origin: Option<&Airport>,
    destination: Option<&Airport>,
    has_flown: bool,
) -> FlightPhase {
    let is_standing = pilot.groundspeed < 1.0;
    let is_at = |end: Option<&Airport>| end.is_some_and(|end| is_on_ground_at(pilot, end));
    if is_at(destination) && (has_flown || !is_at(origin)) {
        return if is_standing { FlightPhase::Arrived } else { FlightPhase::Landed };
    }
    if is_at(origin) {
        return if is_standing { FlightPhase::Parked } else { FlightPhase::Taxiing };
    }
    if pilot.groundspeed < MIN_FLIGHT_KNOTS && pilot.altitude < MAX_AIRPORT_FEET {
        return FlightPhase::Elsewhere;
    }
    let is_approach = destination.is_some_and(|end| {
        distance_nm(pilot, end) < APPROACH_NM && height_feet(pilot, end) < APPROACH_HEIGHT_FEET
    });
    if is_approach { FlightPhase::Approaching } else { FlightPhase::Airborne }
}

/// The great-circle distance.
pub(crate) fn distance_nm(pilot: &Pilot, airport: &Airport) -> f64 {
    let (lat1, lat2) = (pilot.latitude.to_radians(), airport.latitude.to_radians());
    let longitudes = (airport.longitude - pilot.longitude).to_radians();
    let haversine = ((lat2 - lat1) / 2.0).sin().powi(2)
        + lat1.cos() * lat2.cos() * (longitudes / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_NM * haversine.sqrt().min(1.0).asin()
}

fn is_on_ground_at(pilot: &Pilot, airport: &Airport) -> bool {
    distance_nm(pilot, airport) < AT_AIRPORT_NM
        && height_feet(pilot, airport) < MAX_GROUND_HEIGHT_FEET
}

fn height_feet(pilot: &Pilot, airport: &Airport) -> f64 {
    pilot.altitude - f64::from(airport.elevation_feet)
}
