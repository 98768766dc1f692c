//! Airports by IATA or ICAO code.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::table::CodeTable;

static AIRPORTS: LazyLock<CodeTable<Airport>> = LazyLock::new(|| {
    CodeTable::read(include_str!("../../../data/airports.csv"), |airport: &Airport| {
        [airport.iata.as_deref(), airport.icao.as_deref()]
    })
});

/// The airport with this IATA or ICAO code, in upper case.
pub fn airport(code: &str) -> Option<&'static Airport> {
    AIRPORTS.find(code)
}

/// An airport with an IATA code, an ICAO code, or both.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Airport {
    /// The IATA code: three letters or digits.
    pub iata: Option<String>,
    /// The ICAO code: four letters.
    pub icao: Option<String>,
    /// The airport's name, such as "Oslo Gardermoen Airport".
    pub name: String,
    /// The city or region that it serves; empty for some.
    pub city: String,
    /// The country by ISO 3166-1 alpha-2, and `XK` for Kosovo.
    pub country: String,
    /// The IANA time zone.
    pub time_zone: String,
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
    /// Feet above the sea.
    pub elevation_feet: i32,
}
