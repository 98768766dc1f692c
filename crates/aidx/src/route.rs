//! The other airports of a flight with several legs.

use flight::{BoardKind, FlightField};

use crate::fields::max_items;
use crate::leg::{FlightLeg, iata, same_airport};

/// The airports of the flight beyond the board's own, in the order of the flight: from its origin to the
/// board of arrivals, or from the board of departures to its destination. It has at least one.
pub(crate) fn stops(leg: &FlightLeg, kind: BoardKind) -> Vec<String> {
    let (near, far) = match kind {
        BoardKind::Arrivals => ("ArrivalAirport", "DepartureAirport"),
        BoardKind::Departures => ("DepartureAirport", "ArrivalAirport"),
    };
    let (own, mut last) = (leg.airport(kind), leg.other_airport(kind).to_owned());
    let schedules = leg.data.children_named("AssociatedFlightLegSchedule");
    // The ends of the other legs, the closer one to the board first.
    let mut legs: Vec<(String, String)> = schedules
        .filter_map(|leg| Some((leg.child_text(near)?, leg.child_text(far)?)))
        .map(|(near, far)| (near.to_ascii_uppercase(), far.to_ascii_uppercase()))
        .filter(|(near, far)| !(same_airport(near, own) && same_airport(far, &last)))
        .collect();
    let mut stops = vec![iata(&last).to_owned()];
    // Each leg is used once, so a circle ends.
    while let Some(position) = legs.iter().position(|(near, _)| same_airport(near, &last))
        && stops.len() <= max_items(FlightField::Via)
    {
        last = legs.remove(position).1;
        stops.push(iata(&last).to_owned());
    }
    if kind == BoardKind::Arrivals {
        stops.reverse();
    }
    stops
}
