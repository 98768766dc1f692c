//! The list of sources.

use std::collections::BTreeSet;

use feeds::{SOURCES, SourceAirport, SourceError, open_source};
use flight::BoardKind;
use jiff::tz::TimeZone;

#[test]
fn listed_sources_open_by_name() {
    for terms in SOURCES {
        let code = if terms.name == "hkia" { "HKG" } else { "OSL" };
        let source = open_source(terms.name, airport(code)).unwrap();
        assert_eq!(source.terms(), *terms);
        assert!(!source.fields().is_empty() && !terms.attribution.is_empty());
    }
}

#[test]
fn source_names_are_unique() {
    let names: BTreeSet<_> = SOURCES.iter().map(|terms| terms.name).collect();
    assert_eq!(names.len(), SOURCES.len());
}

#[test]
fn unknown_source_is_refused() {
    let error = open_source("schiphol", airport("AMS")).err().unwrap();
    assert_eq!(error, SourceError::UnknownSource { name: "schiphol".to_owned() });
}

#[test]
fn other_airports_are_refused() {
    let error = open_source("hkia", airport("OSL")).err().unwrap();
    assert_eq!(error.to_string(), "hkia has only the airport HKG");
}

fn airport(code: &str) -> SourceAirport {
    SourceAirport {
        code: code.to_owned(),
        zone: TimeZone::UTC,
        kinds: vec![BoardKind::Arrivals, BoardKind::Departures],
    }
}
