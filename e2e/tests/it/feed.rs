//! `flightboard feed` into a running server.

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{TestProcess, flightboard_command, run, start_server};
use crate::view::View;
use crate::wait::{WAIT_TIMEOUT, wait_until};

#[test]
fn sample_feed_publishes_its_events() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let mut follower = TestFollower::open(server.address);
    let to = server.api().url().to_owned();
    let feed = ["feed", "sample", "--to", &to, "--board", "main", "--speed", "20", "--once"];
    let output = run(&mut flightboard_command(feed), "");
    assert!(output.status.success(), "{output:?}");

    let events = follower.read_to_end(WAIT_TIMEOUT);
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    let mut expected = vec!["timetable"];
    expected.extend(["flightAddition"; 6]);
    expected.extend(["flightStateUpdate", "flightStateUpdate", "flightRemoval"]);
    expected.push("closedConnection");
    assert_eq!(names, expected);
    assert_eq!(events[7].data, json!({"flight": "I768", "state": "landing"}));
    assert_eq!(events[8].data, json!({"flight": "I768", "state": "landed"}));
}

#[test]
fn day_feed_creates_its_board() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let (api, to) = (server.api(), server.api().url().to_owned());
    let feed = ["feed", "day", "--to", &to, "--board", "kennedy", "--speed", "3600"];
    let _feed = TestProcess::start(&mut flightboard_command(feed));
    wait_until("the board exists", WAIT_TIMEOUT, || {
        (api.get_status("/boards/kennedy/flights") == 200).then_some(())
    });
    let mut follower = TestFollower::request(server.address, "/boards/kennedy/events", "");
    let mut view = View::default();
    wait_until("a flight departs", WAIT_TIMEOUT, || {
        let event = follower.next_event();
        view.apply(&event);
        (event.data["state"] == "departed").then_some(())
    });
    assert_eq!(api.get("/boards/kennedy")["timeZone"], "America/New_York");
}
