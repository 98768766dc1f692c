use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

pub(crate) type Row = BTreeMap<String, String>;

/// The table as it lies in the repository, every column as text.
pub(crate) fn table(name: &str) -> Vec<Row> {
    let mut table = csv::Reader::from_path(format!("{DATA}/{name}")).unwrap();
    let columns = table.headers().unwrap().clone();
    let names = || columns.iter().map(str::to_owned);
    let rows = table.records().map(Result::unwrap);
    rows.map(|row| names().zip(row.iter().map(str::to_owned)).collect()).collect()
}

pub(crate) fn departures() -> Vec<Row> {
    table("jfk-2013-07-10.csv")
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn count(condition: impl Fn(&Row) -> bool) -> usize {
    departures().iter().filter(|row| condition(row)).count()
}

#[test]
fn the_day_has_the_figures_of_its_source() {
    assert_eq!(count(|_| true), 331);
    assert_eq!(count(|row| row["outcome"] == "cancelled"), 26);
    assert_eq!(count(|row| row["outcome"] == "unknown-arrival"), 13);
    assert_eq!(count(|row| row["outcome"] == "departed"), 331 - 26 - 13);
    assert_eq!(count(|row| row["actual"].starts_with("2013-07-11T")), 18);
    assert_eq!(count(|row| row["delayMinutes"].parse().is_ok_and(|delay: i64| delay >= 15)), 144);
    let flights: BTreeSet<_> = departures().iter().map(|row| row["flight"].clone()).collect();
    assert_eq!(flights.len(), 331);
}

#[test]
fn actual_departures_are_the_scheduled_ones_and_the_delay() {
    for row in departures() {
        if row["outcome"] == "cancelled" {
            assert_eq!((&*row["delayMinutes"], &*row["actual"]), ("", ""), "{row:?}");
            continue;
        }
        let delay = SignedDuration::from_mins(row["delayMinutes"].parse().unwrap());
        assert_eq!(time(&row["actual"]), time(&row["departure"]) + delay, "{row:?}");
    }
}

#[test]
fn times_are_of_the_day_with_the_offsets_of_their_places() {
    for row in departures() {
        assert!(row["departure"].starts_with("2013-07-10T"), "{row:?}");
        assert!(row["departure"].ends_with(":00-04:00"), "{row:?}");
        assert!(row["actual"].is_empty() || row["actual"].ends_with(":00-04:00"), "{row:?}");
        let flown = time(&row["arrival"]).duration_since(time(&row["departure"]));
        let possible = SignedDuration::from_mins(20)..SignedDuration::from_hours(13);
        assert!(possible.contains(&flown), "{row:?}");
    }
    let to_honolulu = departures().into_iter().find(|row| row["destination"] == "HNL").unwrap();
    assert!(to_honolulu["arrival"].ends_with("-10:00"), "{to_honolulu:?}");
}

#[test]
fn every_destination_has_a_name_and_codes_are_unique() {
    let airports = table("airports.csv");
    let codes: BTreeMap<_, _> = airports.iter().map(|row| (&row["iata"], row)).collect();
    assert_eq!(codes.len(), 7_884);
    assert!(airports.is_sorted_by_key(|row| &row["iata"]));
    for row in departures() {
        let airport = codes[&row["destination"]];
        assert!(!airport["city"].is_empty() && airport["timeZone"].contains('/'), "{airport:?}");
    }
}
