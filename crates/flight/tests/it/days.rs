//! The days of local times: golden rows and orders, which the page's tests read too.

use std::collections::BTreeMap;

use flight::{FlightField, INSTANTS};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::test_boards::{TestBoards, main_board};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayCases {
    rows: Vec<DayCase>,
    orders: Vec<OrderCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayCase {
    name: String,
    board: Value,
    steps: Vec<DayStep>,
    /// The instant of each local time after all steps.
    instants: BTreeMap<FlightField, Timestamp>,
    /// Minutes behind schedule.
    delay: Option<i64>,
    /// Days between the flight's date and each time, as the page shows them.
    #[serde(rename = "days", default)]
    _days: BTreeMap<FlightField, i64>,
    /// When the cancelled row leaves.
    expires: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayStep {
    at: Timestamp,
    event: String,
    data: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderCase {
    name: String,
    board: Value,
    at: Timestamp,
    rows: Vec<Value>,
    /// The scheduled instants of the rows with a local time, by flight number.
    instants: BTreeMap<String, Timestamp>,
    order: Vec<String>,
}

fn cases() -> DayCases {
    serde_json::from_str(include_str!("../data/days.json")).unwrap()
}

fn rows(test: &TestBoards) -> Vec<Map<String, Value>> {
    let rows = test.boards.board(&main_board()).unwrap().rows().into_iter();
    let rows = rows.map(|row| serde_json::to_value(row.row()).unwrap());
    rows.map(|row| row.as_object().unwrap().clone()).collect()
}

/// The instants in a row's JSON.
fn instants(row: &Map<String, Value>) -> BTreeMap<FlightField, Timestamp> {
    let instants = INSTANTS.iter().filter_map(|(field, name)| Some((*field, row.get(*name)?)));
    instants.map(|(field, at)| (field, at.as_str().unwrap().parse().unwrap())).collect()
}

/// The instant of a field in either form.
fn instant(row: &Map<String, Value>, field: FlightField) -> Option<Timestamp> {
    let text = row.get(field.name())?.as_str().unwrap();
    Some(text.parse().unwrap_or_else(|_| instants(row)[&field]))
}

#[test]
fn local_times_are_on_their_days() {
    for case in cases().rows {
        let name = &case.name;
        let mut test = TestBoards::new(case.board.clone());
        for DayStep { at, event, data } in case.steps {
            test.now = at;
            test.apply(&event, data);
        }
        let row = &rows(&test)[0];
        assert_eq!(instants(row), case.instants, "{name}");
        let kind = case.board.get("kind").map_or("arrivals", |kind| kind.as_str().unwrap());
        let scheduled =
            if kind == "arrivals" { FlightField::Arrival } else { FlightField::Departure };
        let revised = instant(row, FlightField::Actual);
        let revised = revised.or_else(|| instant(row, FlightField::Estimated));
        let delay = instant(row, scheduled).zip(revised);
        let delay = delay.map(|(from, to)| to.duration_since(from).as_mins());
        assert_eq!(delay, case.delay, "{name}");
        if let Some(expires) = case.expires {
            let minute = jiff::SignedDuration::from_mins(1);
            assert_eq!(test.boards.due_expiries(expires - minute).count(), 0, "{name}");
            assert_eq!(test.boards.due_expiries(expires).count(), 1, "{name}");
        }
        assert_eq!(test.restored(), test.boards, "{name}: a checkpoint is the whole state");
    }
}

#[test]
fn instants_give_the_order() {
    for case in cases().orders {
        let mut test = TestBoards::new(case.board.clone());
        test.now = case.at;
        for row in case.rows {
            test.apply("flightAddition", row);
        }
        let scheduled = match case.board["kind"].as_str() {
            Some("departures") => FlightField::Departure,
            _ => FlightField::Arrival,
        };
        let mut rows = rows(&test);
        rows.sort_by_key(|row| instant(row, scheduled).unwrap_or(Timestamp::MAX));
        let order: Vec<_> = rows.iter().map(|row| row["flight"].as_str().unwrap()).collect();
        assert_eq!(order, case.order, "{}", case.name);
        let placed = rows.iter().filter_map(|row| {
            let at = instants(row).get(&scheduled).copied()?;
            Some((row["flight"].as_str().unwrap().to_owned(), at))
        });
        assert_eq!(placed.collect::<BTreeMap<_, _>>(), case.instants, "{}", case.name);
    }
}

/// A row that is sent back contains the instants, which the server computes.
#[test]
fn published_instants_are_ignored() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", json!({"flight": "I768", "arrival": "10:10"}));
    let mut row = rows(&test)[0].clone();
    row["arrivalInstant"] = json!("2020-01-01T00:00:00Z");
    let outcome = test.apply("flightAddition", Value::Object(row));
    assert!(matches!(outcome, flight::ApplyOutcome::Unchanged { .. }), "{outcome:?}");
}

/// A checkpoint of a version without days: the time of the state is the best one known.
#[test]
fn old_checkpoints_get_days() {
    let mut test = TestBoards::new(json!({}));
    test.apply(
        "flightAddition",
        json!({"flight": "I768", "arrival": "10:10", "estimated": "10:30"}),
    );
    let mut old: Value = serde_json::from_slice(&test.boards.checkpoint().encode()).unwrap();
    let row = old["boards"]["main"]["rows"][0].as_object_mut().unwrap();
    assert!(row.remove("days").is_some());
    let restored = flight::Boards::restore(old.to_string().as_bytes()).unwrap();
    assert_eq!(restored, test.boards);
}

#[test]
fn first_and_last_dates_are_accepted() {
    for (date, now) in [("0001-01-01", Timestamp::MIN), ("9999-12-31", Timestamp::MAX)] {
        for kind in ["arrivals", "departures"] {
            for zone in ["Pacific/Kiritimati", "America/New_York"] {
                let mut test = TestBoards::new(json!({"kind": kind, "timeZone": zone}));
                test.now = now;
                for (arrival, departure) in [("00:00", "23:59"), ("23:59", "00:00")] {
                    let row = json!({
                        "flight": "I768", "date": date, "arrival": arrival, "departure": departure,
                        "estimated": departure, "actual": arrival, "state": "cancelled",
                    });
                    test.apply("flightAddition", row);
                    test.apply("flightAddition", json!({"flight": "G119", "arrival": arrival}));
                }
                test.apply("boardUpdate", json!({"kind": kind, "timeZone": "Europe/Rome"}));
                assert_eq!(test.restored(), test.boards);
            }
        }
    }
}
