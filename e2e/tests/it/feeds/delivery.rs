//! The time until all screens have the changes of a poll.

use std::time::Instant;

use tempfile::TempDir;
use testkit::fake_upstream::{FakeUpstream, UpstreamAnswer};

use super::invented_hour::{self, Direction};
use super::{DEPARTURES, oslo_feed, wait_for_boards, wait_for_step};
use crate::follower::TestFollower;
use crate::process::start_server;
use crate::wait::WAIT_TIMEOUT;

const SCREENS: usize = 50;

#[test]
fn changes_reach_all_screens() {
    let folder = TempDir::new().unwrap();
    let upstream = FakeUpstream::start(|_| super::answer_of(0));
    let server = start_server(folder.path(), &["--feed", &oslo_feed(&upstream)]);
    wait_for_boards(&server.api());
    wait_for_step(&server.api(), 0);
    let path = format!("/boards/{DEPARTURES}/events");
    let mut screens: Vec<_> =
        (0..SCREENS).map(|_| TestFollower::request(server.address, &path, "")).collect();
    for screen in &mut screens {
        screen.wait_for_text("event: timetable", WAIT_TIMEOUT);
    }
    let departures = invented_hour::rows(0, Direction::Departure);
    let moved: Vec<_> = departures
        .iter()
        .map(|row| {
            let number = row["flight"].as_str().unwrap().trim_start_matches("ZX").parse().unwrap();
            (number, format!("F{number}"))
        })
        .collect();
    let body = invented_hour::answer_with(1, &moved);
    let answered = std::sync::Arc::new(parking_lot::Mutex::new(None));
    upstream.respond({
        let answered = std::sync::Arc::clone(&answered);
        move |_| {
            answered.lock().get_or_insert_with(Instant::now);
            UpstreamAnswer::xml(body.clone())
        }
    });
    for screen in &mut screens {
        for (_, gate) in &moved {
            screen.wait_for_text(&format!("\"{gate}\""), WAIT_TIMEOUT);
        }
    }
    let asked = answered.lock().expect("the source was asked");
    let (changes, elapsed) = (moved.len(), asked.elapsed().as_secs_f64() * 1000.0);
    eprintln!(
        "{changes} changes of a poll reached {SCREENS} screens {elapsed:.0} ms after the request"
    );
}
