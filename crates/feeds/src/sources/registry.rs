//! The list of sources, and opening one by name.

use thiserror::Error;

use super::aerodatabox::{self, Aerodatabox};
use super::avinor::{self, Avinor};
use super::finavia::{self, Finavia};
use super::hkia::{self, Hkia};
use super::swedavia::{self, Swedavia};
use super::vatsim::{self, Vatsim};
use crate::source::{Source, SourceAirport, SourceTerms};

/// The terms of all sources, in the order in which they are listed.
pub const SOURCES: &[&SourceTerms] = &[
    &avinor::TERMS,
    &hkia::TERMS,
    &swedavia::TERMS,
    &finavia::TERMS,
    &aerodatabox::TERMS,
    &vatsim::TERMS,
];

/// The reason why a source was not opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceError {
    /// There is no such source.
    #[error("no such source: {name}; `flightboard feed --list` lists them")]
    UnknownSource {
        /// The name that was given.
        name: String,
    },
    /// The source has another airport.
    #[error("{name} has only the airport {airport}")]
    OtherAirport {
        /// The source.
        name: &'static str,
        /// Its only airport.
        airport: &'static str,
    },
    /// The source needs to know where the airport is.
    #[error("no airport has the ICAO code {code}")]
    UnknownAirport {
        /// The code that was given.
        code: String,
    },
}

/// Opens the source `name` for the traffic of `airport`, whose code may be of IATA or ICAO.
///
/// # Errors
/// There is no such source, it does not have the airport, or it needs to know where the airport is
/// and the tables lack it.
pub fn open_source(name: &str, airport: SourceAirport) -> Result<Box<dyn Source>, SourceError> {
    let airport = by_iata_code(airport);
    match name {
        "aerodatabox" => Ok(Box::new(Aerodatabox::new(airport))),
        "avinor" => Ok(Box::new(Avinor::new(airport))),
        "finavia" => Ok(Box::new(Finavia::new(airport))),
        "hkia" if airport.code != hkia::AIRPORT => {
            Err(SourceError::OtherAirport { name: "hkia", airport: hkia::AIRPORT })
        }
        "hkia" => Ok(Box::new(Hkia::new(airport))),
        "swedavia" => Ok(Box::new(Swedavia::new(airport))),
        "vatsim" => Ok(Box::new(Vatsim::new(airport)?)),
        _ => Err(SourceError::UnknownSource { name: name.to_owned() }),
    }
}

/// The same airport by its IATA code, if it has one and was given by its ICAO code.
fn by_iata_code(airport: SourceAirport) -> SourceAirport {
    let iata = codes::airport(&airport.code).and_then(|known| known.iata.clone());
    SourceAirport { code: iata.unwrap_or(airport.code), ..airport }
}
