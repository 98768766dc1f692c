//! Followers that disconnect.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{TestProcess, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// The server notices without a heartbeat or an update.
const NOTICED_WITHIN: Duration = Duration::from_secs(3);

#[test]
fn vanished_followers_are_released() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    let mut followers: Vec<_> = (0..50).map(|_| TestFollower::open(server.address)).collect();
    let mut other = start_follower_process(server.address.port());
    wait_until("all followers are counted", WAIT_TIMEOUT, || {
        (api.follower_count("main") == 51).then_some(())
    });

    other.kill();
    wait_until("the killed follower is released", NOTICED_WITHIN, || {
        (api.follower_count("main") == 50).then_some(())
    });
    let stays = followers.pop();
    drop(followers);
    wait_until("the closed followers are released", NOTICED_WITHIN, || {
        (api.follower_count("main") == 1).then_some(())
    });

    let mut stays = stays.unwrap();
    assert_eq!(stays.next_event().name, "timetable");
    let id = api.put_flight("I768", &json!({"origin": "Rome"}));
    assert_eq!(stays.next_event().id, id);
    drop(stays);
    wait_until("the last follower is released", NOTICED_WITHIN, || {
        (api.follower_count("main") == 0).then_some(())
    });
}

#[test]
fn follower_beyond_the_limit_retries() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--max-followers", "2"]);
    let api = server.api();
    let first = [(); 2].map(|()| TestFollower::open(server.address));
    let mut third = TestFollower::open(server.address);
    assert_eq!(third.status(), 200, "any other status stops an `EventSource` for good");
    assert_eq!(third.read_to_end(WAIT_TIMEOUT), []);
    let millis = third.text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix('\n'));
    assert!(millis.unwrap().parse::<u64>().unwrap() >= 30_000, "{}", third.text);

    drop(first);
    wait_until("the followers are released", WAIT_TIMEOUT, || {
        (api.follower_count("main") == 0).then_some(())
    });
    assert_eq!(TestFollower::open(server.address).next_event().name, "timetable");
}

/// A follower in another process, so that it can be killed.
fn start_follower_process(port: u16) -> TestProcess {
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; \
         printf 'GET /events HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' >&3; exec cat <&3"
    );
    TestProcess::start(Command::new("bash").args(["-c", &script]))
}
