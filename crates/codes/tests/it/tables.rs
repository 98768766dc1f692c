use std::collections::BTreeSet;

use codes::{Airline, Airport, airline, airport, place_name};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

fn rows<Row: DeserializeOwned>(file: &str) -> Vec<Row> {
    let path = format!("{}/../../data/{file}", env!("CARGO_MANIFEST_DIR"));
    csv::Reader::from_path(path).unwrap().into_deserialize().map(Result::unwrap).collect()
}

fn assert_unique<'a>(codes: impl Iterator<Item = &'a str>, length: usize) {
    let mut seen = BTreeSet::new();
    for code in codes {
        assert!(
            code.len() == length && code.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{code}"
        );
        assert!(seen.insert(code), "{code} stands for two");
    }
}

#[test]
fn airports_are_found_by_either_code() {
    let airports: Vec<Airport> = rows("airports.csv");
    assert_eq!(airports.len(), 17_340);
    assert_unique(airports.iter().filter_map(|airport| airport.iata.as_deref()), 3);
    assert_unique(airports.iter().filter_map(|airport| airport.icao.as_deref()), 4);
    for row in &airports {
        let codes = [&row.iata, &row.icao].into_iter().flatten();
        assert!(codes.map(|code| airport(code)).all(|found| found == Some(row)), "{row:?}");
        assert!(row.iata.is_some() || row.icao.is_some(), "{row:?}");
    }
}

#[test]
fn airports_have_place_and_zone() {
    for airport in rows::<Airport>("airports.csv") {
        assert!(!airport.name.is_empty() && airport.country.len() == 2, "{airport:?}");
        assert!(TimeZone::get(&airport.time_zone).is_ok(), "{airport:?}");
        assert!((-90.0..=90.0).contains(&airport.latitude), "{airport:?}");
        assert!((-180.0..=180.0).contains(&airport.longitude), "{airport:?}");
        assert!((-1_500..=16_000).contains(&airport.elevation_feet), "{airport:?}");
    }
}

#[test]
fn places_have_usual_names() {
    let table: Vec<(String, String)> = rows("places.csv");
    assert!(table.len() > 100 && table.is_sorted());
    assert_unique(table.iter().map(|(iata, _)| &**iata), 3);
    for (iata, name) in &table {
        assert_eq!(place_name(iata), Some(&**name));
        let city = airport(iata).map(|airport| &airport.city);
        assert_ne!(city, Some(name), "{iata} needs no entry");
    }
    for (iata, name) in
        [("YVR", "Vancouver"), ("HKG", "Hong Kong"), ("TMP", "Tampere"), ("AAA", "Anaa Airport")]
    {
        assert_eq!(place_name(iata), Some(name));
    }
    assert_eq!((place_name("ZZZ"), place_name("EDDF")), (None, None));
}

#[test]
fn airlines_are_found_by_either_code() {
    let airlines: Vec<Airline> = rows("airlines.csv");
    assert!(airlines.len() >= 150);
    assert_unique(airlines.iter().filter_map(|airline| airline.iata.as_deref()), 2);
    assert_unique(airlines.iter().map(|airline| &*airline.icao), 3);
    for row in &airlines {
        let codes = row.iata.iter().chain([&row.icao]);
        assert!(codes.map(|code| airline(code)).all(|found| found == Some(row)), "{row:?}");
        assert!(!row.name.is_empty(), "{row:?}");
    }
}

#[test]
fn airlines_may_share_an_iata_code() {
    assert_eq!(airline("LH"), airline("DLH"));
    assert_eq!(airline("GEC").unwrap().name, "Lufthansa Cargo");
}

#[test]
fn unknown_codes_have_no_name() {
    for code in ["", "A", "osl", "QQQQ", "Oslo", "12345"] {
        assert_eq!((airport(code), airline(code)), (None, None), "{code}");
    }
}
