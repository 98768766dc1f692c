//! The list of sources, and opening one by name.

use thiserror::Error;

use super::avinor::{self, Avinor};
use super::hkia::{self, Hkia};
use crate::source::{Source, SourceAirport, SourceTerms};

/// The terms of all sources, in the order in which they are listed.
pub const SOURCES: &[&SourceTerms] = &[&avinor::TERMS, &hkia::TERMS];

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
}

/// Opens the source `name` for the traffic of `airport`.
///
/// # Errors
/// There is no such source, or it does not have the airport.
pub fn open_source(name: &str, airport: SourceAirport) -> Result<Box<dyn Source>, SourceError> {
    match name {
        "avinor" => Ok(Box::new(Avinor::new(airport))),
        "hkia" if airport.code != hkia::AIRPORT => {
            Err(SourceError::OtherAirport { name: "hkia", airport: hkia::AIRPORT })
        }
        "hkia" => Ok(Box::new(Hkia::new(airport))),
        _ => Err(SourceError::UnknownSource { name: name.to_owned() }),
    }
}
