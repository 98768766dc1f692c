//! Followers that vanish.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{TestProcess, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Noticing takes no heartbeat and no publish.
const NOTICED: Duration = Duration::from_secs(3);

#[test]
fn followers_that_vanish_are_freed() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    let mut followers: Vec<_> = (0..50).map(|_| TestFollower::open(server.address)).collect();
    let mut other = other_process(server.address.port());
    wait_until("all are counted", WAIT_TIMEOUT, || {
        (api.follower_count("main") == 51).then_some(())
    });

    other.kill();
    wait_until("the killed one is gone", NOTICED, || {
        (api.follower_count("main") == 50).then_some(())
    });
    let stays = followers.pop();
    drop(followers);
    wait_until("the closed ones are gone", NOTICED, || {
        (api.follower_count("main") == 1).then_some(())
    });

    let mut stays = stays.unwrap();
    assert_eq!(stays.next_event().name, "timetable");
    let id = api.put_flight("I768", &json!({"origin": "Rome"}));
    assert_eq!(stays.next_event().id, id);
    drop(stays);
    wait_until("the last one is gone", NOTICED, || (api.follower_count("main") == 0).then_some(()));
}

#[test]
fn one_too_many_is_told_to_come_back_later() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--max-followers", "2"]);
    let api = server.api();
    let first = [(); 2].map(|()| TestFollower::open(server.address));
    let mut third = TestFollower::open(server.address);
    assert_eq!(third.status(), 200, "any other status would stop a browser for good");
    assert_eq!(third.read_to_end(WAIT_TIMEOUT), []);
    let millis = third.text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
    assert!(millis.unwrap().parse::<u64>().unwrap() >= 30_000, "{}", third.text);

    drop(first);
    wait_until("a place is free again", WAIT_TIMEOUT, || {
        (api.follower_count("main") == 0).then_some(())
    });
    assert_eq!(TestFollower::open(server.address).next_event().name, "timetable");
}

/// A follower in a process of its own, so that it can be killed.
fn other_process(port: u16) -> TestProcess {
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; \
         printf 'GET /events HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' >&3; exec cat <&3"
    );
    TestProcess::start(Command::new("bash").args(["-c", &script]))
}
