//! `flightboard demo`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::follower::{ReceivedEvent, TestFollower};
use crate::process::{ServerProcess, flightboard_command};
use crate::view::View;
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Maximum lateness of a change on a loaded machine.
const MAX_LATENESS: Duration = Duration::from_secs(8);

#[test]
fn once_closes_the_board() {
    let started = Instant::now();
    let demo = ServerProcess::start(&mut flightboard_command([
        "demo",
        "--once",
        "--listen",
        "127.0.0.1:0",
    ]));
    let mut follower = TestFollower::open(demo.address);
    assert_eq!(six_rows(&mut follower), SIX_ROWS.map(|text| text.parse::<Value>().unwrap()));

    let planned = [
        (3, "flightStateUpdate", json!({"flight": "I768", "state": "landing"})),
        (6, "flightStateUpdate", json!({"flight": "I768", "state": "landed"})),
        (9, "flightRemoval", json!({"flight": "I768"})),
        (12, "closedConnection", json!({"reason": "the sample is over"})),
    ];
    for (secs, name, data) in planned {
        let planned = Duration::from_secs(secs);
        let event = follower.next_event();
        let after = started.elapsed();
        assert_eq!((event.name.as_str(), event.data), (name, data));
        assert!(planned <= after && after < planned + MAX_LATENESS, "{name} after {after:?}");
    }
    assert_eq!(follower.read_to_end(WAIT_TIMEOUT), []);
    assert_eq!(TestFollower::open(demo.address).status(), 204);
    let boards = demo.api().get("/boards");
    assert_eq!(
        (&boards["boards"][1]["name"], &boards["boards"][1]["closed"]),
        (&json!("main"), &json!(true))
    );
}

#[test]
fn boards_exist_before_address_is_printed() {
    let demo = ServerProcess::start(&mut flightboard_command([
        "demo",
        "--speed",
        "1",
        "--listen",
        "127.0.0.1:0",
    ]));
    assert_eq!(demo.api().get("/boards/jfk")["flights"], 331);
    assert_eq!(demo.api().get("/boards/main")["title"], "Arrivals");
}

#[test]
fn second_board_plays_the_day() {
    let demo = ServerProcess::start(&mut flightboard_command([
        "demo",
        "--speed",
        "3600",
        "--listen",
        "127.0.0.1:0",
    ]));
    let api = demo.api();
    let mut follower = TestFollower::request(demo.address, "/boards/jfk/events", "");
    let mut view = View::default();
    wait_until("a flight of the day changes", WAIT_TIMEOUT, || {
        let event = follower.next_event();
        view.apply(&event);
        (event.name == "flightStateUpdate").then_some(())
    });
    let board = api.get("/boards/jfk");
    assert_eq!((&board["airport"], &board["kind"]), (&json!("JFK"), &json!("departures")));
    assert!(!view.flights().is_empty());
}

const SIX_ROWS: [&str; 6] = [
    r#"{"flight":"A123","origin":"London","arrival":"08:15","state":""}"#,
    r#"{"flight":"D654","origin":"Berlin","arrival":"08:45","state":""}"#,
    r#"{"flight":"U213","origin":"New York","arrival":"09:05","state":""}"#,
    r#"{"flight":"A987","origin":"Buenos Aires","arrival":"09:30","state":""}"#,
    r#"{"flight":"I768","origin":"Rome","arrival":"10:10","state":""}"#,
    r#"{"flight":"G119","origin":"Tokyo","arrival":"10:35","state":""}"#,
];

/// The first rows, whether they come in the timetable or one by one after it.
fn six_rows(follower: &mut TestFollower) -> Vec<Value> {
    let mut rows = Vec::new();
    while rows.len() < 6 {
        let ReceivedEvent { name, data, .. } = follower.next_event();
        match name.as_str() {
            "timetable" => rows = data["flights"].as_array().unwrap().clone(),
            "flightAddition" => rows.push(data),
            other => assert_eq!(other, "boardUpdate"),
        }
    }
    for row in &mut rows {
        assert!(row.as_object_mut().unwrap().remove("arrivalInstant").is_some());
    }
    rows
}
