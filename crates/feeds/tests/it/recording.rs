use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

pub(crate) type TableRow = BTreeMap<String, String>;

/// Reads a table of the repository, every column as text.
pub(crate) fn table(name: &str) -> Vec<TableRow> {
    let mut table = csv::Reader::from_path(format!("{DATA}/{name}")).unwrap();
    let columns = table.headers().unwrap().clone();
    let names = || columns.iter().map(str::to_owned);
    let rows = table.records().map(Result::unwrap);
    rows.map(|row| names().zip(row.iter().map(str::to_owned)).collect()).collect()
}

pub(crate) fn departures() -> Vec<TableRow> {
    table("jfk-2013-07-10.csv")
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn count(condition: impl Fn(&TableRow) -> bool) -> usize {
    departures().iter().filter(|row| condition(row)).count()
}

#[test]
fn row_counts_match_the_source() {
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
fn actual_departure_is_scheduled_plus_delay() {
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
fn times_have_local_offsets() {
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
fn destinations_are_known_airports() {
    for row in departures() {
        let airport = codes::airport(&row["destination"]).unwrap();
        assert!(!airport.city.is_empty() && airport.time_zone.contains('/'), "{airport:?}");
    }
}
