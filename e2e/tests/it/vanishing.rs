//! Followers that vanish.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::Follower;
use crate::program::{Program, serve};
use crate::wait::{PATIENCE, until};

/// Noticing takes no heartbeat and no publish.
const NOTICED: Duration = Duration::from_secs(3);

#[test]
fn followers_that_vanish_are_freed() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &[]);
    let api = server.api();
    let mut followers: Vec<_> = (0..50).map(|_| Follower::open(server.address)).collect();
    let mut other = other_process(server.address.port());
    until("all are counted", PATIENCE, || (api.followers("main") == 51).then_some(()));

    other.kill();
    until("the killed one is gone", NOTICED, || (api.followers("main") == 50).then_some(()));
    let stays = followers.pop();
    drop(followers);
    until("the closed ones are gone", NOTICED, || (api.followers("main") == 1).then_some(()));

    let mut stays = stays.unwrap();
    assert_eq!(stays.next().name, "timetable");
    let id = api.put("I768", &json!({"origin": "Rome"}));
    assert_eq!(stays.next().id, id);
    drop(stays);
    until("the last one is gone", NOTICED, || (api.followers("main") == 0).then_some(()));
}

#[test]
fn one_too_many_is_told_to_come_back_later() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &["--max-followers", "2"]);
    let api = server.api();
    let first = [(); 2].map(|()| Follower::open(server.address));
    let mut third = Follower::open(server.address);
    assert_eq!(third.status(), 200, "any other status would stop a browser for good");
    assert_eq!(third.rest(PATIENCE), []);
    let millis = third.text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
    assert!(millis.unwrap().parse::<u64>().unwrap() >= 30_000, "{}", third.text);

    drop(first);
    until("a place is free again", PATIENCE, || (api.followers("main") == 0).then_some(()));
    assert_eq!(Follower::open(server.address).next().name, "timetable");
}

/// A follower in a process of its own, so that it can be killed.
fn other_process(port: u16) -> Program {
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; \
         printf 'GET /events HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' >&3; exec cat <&3"
    );
    Program::start(Command::new("bash").args(["-c", &script]))
}
