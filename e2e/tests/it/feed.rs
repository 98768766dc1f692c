//! `flightboard feed` into a running server.

use serde_json::json;
use tempfile::TempDir;

use crate::follower::Follower;
use crate::program::{Program, flightboard, run, serve};
use crate::screen::Screen;
use crate::wait::{PATIENCE, until};

#[test]
fn the_sample_plays_on_a_running_server() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &[]);
    let mut follower = Follower::open(server.address);
    let to = server.api().url().to_owned();
    let feed = ["feed", "sample", "--to", &to, "--board", "main", "--speed", "20", "--once"];
    let ended = run(&mut flightboard(feed), "");
    assert!(ended.status.success(), "{ended:?}");

    let events = follower.rest(PATIENCE);
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
fn the_day_makes_its_board_and_fills_it() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &[]);
    let (api, to) = (server.api(), server.api().url().to_owned());
    let feed = ["feed", "day", "--to", &to, "--board", "kennedy", "--speed", "3600"];
    let _feed = Program::start(&mut flightboard(feed));
    until("the board is made", PATIENCE, || {
        (api.status("/boards/kennedy/flights") == 200).then_some(())
    });
    let mut follower = Follower::request(server.address, "/boards/kennedy/events", "");
    let mut screen = Screen::default();
    until("a flight of it departs", PATIENCE, || {
        let event = follower.next();
        screen.show(&event);
        (event.data["state"] == "departed").then_some(())
    });
    assert_eq!(api.get("/boards/kennedy")["timeZone"], "America/New_York");
}
