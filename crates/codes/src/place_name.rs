//! The names by which travellers know the places that airports serve.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::airport::airport;
use crate::table::CodeTable;

/// Places whose usual name differs from the municipality of the airport.
static PLACES: LazyLock<CodeTable<PlaceName>> = LazyLock::new(|| {
    CodeTable::read(include_str!("../../../data/places.csv"), |place: &PlaceName| {
        [Some(&place.iata), None]
    })
});

#[derive(Deserialize)]
struct PlaceName {
    iata: String,
    place: String,
}

/// The place that the airport with this IATA code serves, as travellers call it: "Toronto" for `YYZ`, which lies in
/// Mississauga. The airport's name where no place is known.
pub fn place_name(iata: &str) -> Option<&'static str> {
    if let Some(place) = PLACES.find(iata) {
        return Some(&place.place);
    }
    let airport = airport(iata).filter(|airport| airport.iata.as_deref() == Some(iata))?;
    // Some have two municipalities, or an island after the municipality.
    let city = airport.city.split([',', '/']).next().unwrap_or_default().trim();
    Some(if city.is_empty() { &airport.name } else { city })
}
